"""A run's log: it is there, it stays small, and it disturbs neither the run nor the program."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import cnnbench
from cnnbench.plugin import Remark
from cnnbench.results import log
from cnnbench.results.log import KEPT, run_log

INSIDE = logging.getLogger("cnnbench.room")


@pytest.fixture
def told():
    return []


def logs(study):
    return sorted((study / "log").glob("*.log"))


@pytest.mark.slow
@pytest.mark.usefixtures("scripted_path")
def test_a_run_tells_in_its_log_what_became_of_each_trial(recipe, tmp_path, capfd):
    records = cnnbench.run(recipe(7.0), backend="scripted", results=tmp_path)
    (file,) = logs(tmp_path / "tiny" / "scripted")
    text = file.read_text()
    for record in records:
        assert f"trial {record.trial} ended on worker" in text
    assert "[process " in text
    assert "in train_epoch" in text  # the traceback
    assert capfd.readouterr() == ("", "")
    assert len(cnnbench.compare(tmp_path)) == 2


@pytest.mark.slow
@pytest.mark.usefixtures("scripted_path")
def test_a_run_without_trials_leaves_no_log(recipe, tmp_path):
    for _ in range(2):
        cnnbench.run(recipe(), backend="scripted", results=tmp_path)
    assert len(logs(tmp_path / "tiny" / "scripted")) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("scripted_path")
def test_no_trial_is_lost_where_no_log_can_be_written(recipe, tmp_path):
    study = tmp_path / "tiny" / "scripted"
    study.mkdir(parents=True)
    (study / "log").write_text("a file where the folder belongs")
    heard = []
    records = cnnbench.run(recipe(), backend="scripted", results=tmp_path, progress=heard.append)
    assert {record.status for record in records} == {"ok"}
    (remark,) = (event for event in heard if isinstance(event, Remark))
    assert remark.text.startswith(f"this run keeps no log in {study / 'log'}: ")


def test_only_the_last_logs_are_kept_and_no_file_of_others_is_touched(tmp_path, told):
    folder = tmp_path / "log"
    folder.mkdir()
    for year in range(2000, 2020):
        (folder / f"{year}0101T000000-000000.log").touch()
    (folder / "mine.log").touch()
    with run_log(tmp_path, told.append):
        INSIDE.info("here")
    found = logs(tmp_path)
    assert len(found) == KEPT + 1
    assert found[-1].name == "mine.log"
    assert "here" in found[-2].read_text()
    assert found[0].name == f"{2020 - KEPT + 1}0101T000000-000000.log"
    assert told == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_log_on_a_full_disk_is_given_up_with_a_sentence(tmp_path, told, monkeypatch, capfd):
    monkeypatch.setattr(log, "open_new", lambda path: Path("/dev/full").open("w"))  # noqa: SIM115
    with run_log(tmp_path, told.append):
        INSIDE.info("one")
        INSIDE.info("two")
    assert told == [f"the log of this run in {tmp_path / 'log'} is not whole: the disk is full"]
    assert capfd.readouterr() == ("", "")


def test_the_program_around_hears_what_it_asked_for_and_no_more(tmp_path, told, caplog):
    with run_log(tmp_path, told.append):
        INSIDE.info("for the log")
        INSIDE.warning("for all")
    assert caplog.messages == ["for all"]
    caplog.clear()
    with caplog.at_level(logging.DEBUG, "cnnbench"), run_log(tmp_path, told.append):
        INSIDE.debug("for the program")
        INSIDE.info("for both")
    assert caplog.messages == ["for the program", "for both"]
    texts = [file.read_text() for file in logs(tmp_path)]
    assert ["for all" in text for text in texts] == [True, False]
    assert ["for both" in text for text in texts] == [False, True]
    assert "for the program" not in texts[1]


def test_two_runs_at_a_time_leave_logging_as_it_was(tmp_path, told):
    package = logging.getLogger("cnnbench")
    before = (package.level, package.propagate, list(package.handlers))
    first, second = run_log(tmp_path / "a", told.append), run_log(tmp_path / "b", told.append)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    INSIDE.info("still heard")
    second.__exit__(None, None, None)
    assert (package.level, package.propagate, list(package.handlers)) == before
    assert "still heard" in logs(tmp_path / "b")[0].read_text()
    assert told == []


def test_a_link_of_the_name_of_a_log_is_not_followed(tmp_path):
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(FileExistsError):
        log.open_new(tmp_path / "link")
    assert target.read_text() == "precious"
