"""A variant that diverges is not compared by the trials in which it happened to work."""

from __future__ import annotations

import csv
import io
import json

import pytest

from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.frame import compare_frame
from cnnbench.report.formats import FORMATS, csv_text, json_text
from cnnbench.results.record import Status

SIX = [0.90, 0.92, 0.91, 0.93, 0.94, 0.95]
NAN = "the training loss became nan in epoch 2; lower training.learning_rate"


@pytest.fixture
def risky(study):
    """Two of six trials of a variant diverge, one of another fails by the machine."""
    writer = study().add("plain", SIX).add("risky", SIX[:4]).add("unlucky", SIX[:5])
    for replicate in (4, 5):
        writer.add_one("risky", replicate, status=Status.FAILED, reason=NAN, diverged=True)
    writer.add_one("unlucky", 5, status=Status.FAILED, reason="the process was killed")
    return writer


def rows_of(folder, **options):
    (table,) = compare_records([folder], **options).tables
    return {row.variant: row for row in table.rows}, table.notes


def test_a_variant_that_diverges_has_no_difference_and_no_interval(risky):
    rows, notes = rows_of(risky.write())
    row = rows["risky"]
    assert (row.difference, row.value.interval, row.n) == (None, None, 4)
    assert row.value.mean == pytest.approx(0.915)
    assert (row.failed, row.diverged, row.recorded) == (2, 2, 6)
    assert (
        f"risky: diverges in 2 of 6 trials, so that there is no interval and no difference: {NAN}"
    ) in notes
    assert not [note for note in notes if "risky" in note and "failed" in note]


def test_a_failure_of_the_machine_leaves_a_difference_over_the_other_pairs(risky):
    rows, notes = rows_of(risky.write())
    assert rows["unlucky"].difference.n == 5
    assert rows["unlucky"].diverged == 0
    assert "unlucky: 1 of 6 trials failed: the process was killed" in notes


def test_nothing_is_compared_with_the_survivors_of_a_baseline(risky):
    rows, notes = rows_of(risky.write(), baseline="risky")
    assert [row.difference for row in rows.values()] == [None, None, None]
    assert rows["plain"].value.interval is not None
    assert "plain, unlucky: the baseline diverges, so no difference" in notes


def test_a_variant_that_always_diverges_says_so(study):
    writer = study().add("plain", SIX[:2])
    for replicate in range(2):
        writer.add_one("risky", replicate, status=Status.FAILED, reason=NAN, diverged=True)
    rows, notes = rows_of(writer.write())
    assert (rows["risky"].value, rows["risky"].difference) == (None, None)
    assert f"risky: diverges in 2 of 2 trials: {NAN}" in notes


def test_what_is_counted_from_the_network_is_compared_all_the_same(risky):
    rows, _ = rows_of(risky.write(), metric="parameters")
    assert rows["risky"].difference.mean == 0


@pytest.mark.parametrize("name", ["table", "markdown"])
def test_a_table_says_diverges_in_place_of_the_difference(risky, name):
    text = FORMATS[name](compare_records([risky.write()]))
    (line,) = [line for line in text.splitlines() if line.strip("| ").startswith("risky ")]
    assert "4/6" in line
    assert "91.5 %" in line
    assert "diverges 2/6" in line
    assert "±" not in line
    assert "[" not in line


def test_csv_json_and_frames_count_the_diverged_and_give_no_difference(risky):
    folder = risky.write()
    comparison = compare_records([folder])
    row = list(csv.DictReader(io.StringIO(csv_text(comparison))))[1]
    assert (row["diverged"], row["failed"], row["difference_mean"]) == ("2", "2", "")
    assert (row["test_accuracy_low"], row["difference_low"], row["pairs"]) == ("", "", "")
    (table,) = json.loads(json_text(comparison))["tables"]
    assert (table["rows"][1]["diverged"], table["rows"][1]["difference"]) == (2, None)
    frame = compare_frame([folder]).set_index("variant")
    assert frame.loc["risky", "diverged"] == 2
    assert frame["difference_mean"].isna().tolist() == [True, True, False]
    assert any("diverges in 2 of 6" in note for note in frame.attrs["notes"])
