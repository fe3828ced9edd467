"""What is kept of a failure stays small, readable and beside its record."""

from __future__ import annotations

import os

import pytest

from cnnbench.errors import ResultsError
from cnnbench.results.details import read_failure
from cnnbench.results.failure import LONGEST, failure_text, shortened
from cnnbench.results.record import Status
from cnnbench.results.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path, "mnist", "torch") as store:
        yield store


def test_the_reason_of_a_stored_failure_says_where_more_stands(store, make_record):
    record = make_record(status=Status.FAILED, reason="it fell over")
    assert store.append(record, failure="Traceback ...").reason == (
        "it fell over; more in failures/t1.txt"
    )
    assert (store.folder / "failures" / "t1.txt").read_text() == "Traceback ..."


def test_a_record_without_more_says_nothing_of_it(store, make_record):
    record = make_record(status=Status.FAILED, reason="it fell over")
    assert store.append(record).reason == "it fell over"
    assert not (store.folder / "failures").exists()


@pytest.mark.parametrize("status", [Status.OK, Status.FAILED])
def test_a_newer_record_takes_away_what_was_kept(store, make_record, status):
    store.append(make_record(status=Status.FAILED), failure="old")
    store.append(make_record(status=status))
    assert list((store.folder / "failures").iterdir()) == []


def test_a_newer_failure_replaces_the_older(store, make_record):
    for text in ("old", "new"):
        store.append(make_record(status=Status.FAILED), failure=text)
    assert read_failure(store.folder, "t1") == "new"


@pytest.mark.parametrize("in_the_way", ["failures", "failures/t1.txt"])
def test_a_failure_that_cant_be_kept_costs_no_record(store, make_record, in_the_way, caplog):
    obstacle = store.folder / in_the_way
    if in_the_way == "failures":
        obstacle.write_text("a file")
    else:
        obstacle.mkdir(parents=True)
    stored = store.append(make_record(status=Status.FAILED, reason="it fell"), failure="more")
    assert stored.reason == "it fell"
    assert len((store.folder / "records.jsonl").read_text().splitlines()) == 1
    assert "more on a failure can't be kept" in caplog.text


@pytest.mark.parametrize("text", ["x" * 10 * LONGEST, "é" * LONGEST, "\ud800" * LONGEST])
def test_a_failure_of_any_length_is_cut_in_its_middle(store, make_record, text):
    store.append(make_record(status=Status.FAILED), failure=f"begins {text} ends")
    file = store.folder / "failures" / "t1.txt"
    assert LONGEST - 10 <= file.stat().st_size <= LONGEST
    kept = read_failure(store.folder, "t1")
    assert kept.startswith("begins ")
    assert "the middle is left out" in kept
    assert kept.endswith(" ends")


def test_what_fits_is_kept_as_it_is():
    assert shortened("é" * (LONGEST // 2)) == "é" * (LONGEST // 2)


def test_a_traceback_stands_before_the_output():
    text = failure_text("Traceback\n", " said\n\n")
    assert text.startswith("Traceback\n")
    assert text.endswith("\n\nsaid\n")
    assert failure_text("", "\n") == ""


def test_a_file_from_elsewhere_is_text_whatever_it_holds(store):
    (store.folder / "failures").mkdir()
    file = store.folder / "failures" / "t1.txt"
    file.write_bytes(b"\xff\x00" * LONGEST)
    assert len(read_failure(store.folder, "t1")) <= LONGEST


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of Unix")
def test_a_pipe_is_not_waited_for(store):
    (store.folder / "failures").mkdir()
    os.mkfifo(store.folder / "failures" / "t1.txt")
    with pytest.raises(ResultsError, match="not a regular file"):
        read_failure(store.folder, "t1")
