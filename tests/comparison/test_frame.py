from __future__ import annotations

import pytest

from cnnbench.comparison.frame import compare_frame, records_frame
from cnnbench.results.read import read_results
from cnnbench.results.record import Status


def test_a_comparison_is_a_row_a_variant(study):
    folder = study().add("plain", [0.8, 0.9]).add("dropout", [0.9, 0.9]).write(replicates=3)
    frame = compare_frame([folder]).set_index("variant")
    assert list(frame.index) == ["plain", "dropout"]
    assert frame.loc["dropout", "test_accuracy_mean"] == pytest.approx(0.9)
    assert frame.loc["dropout", "difference_mean"] == pytest.approx(0.05)
    assert frame.loc["dropout", "pairs"] == 2
    assert frame.loc["plain", "is_baseline"]
    assert frame.attrs["notes"][0] == "mnist on torch: plain, dropout: 2 of 3 replicates recorded"


def test_rows_and_notes_of_two_folders_are_told_apart(study, reference):
    inner = reference().add("plain", [0.7]).write()
    outer = study().add("plain", [0.8]).write()
    frame = compare_frame([outer.parent.parent])
    assert list(frame["folder"]) == [str(outer), str(inner)]
    one, two = frame.attrs["notes"]
    assert one.startswith("mnist on torch (results): plain: one replicate only")
    assert two.startswith("mnist on torch (results/reference): plain: one replicate only")


def test_a_row_says_how_many_images_its_trials_drew(study, samples):
    writer = study().add("plain", [0.8, 0.9])
    writer.add_one("dropout", 0, samples=samples.model_copy(update={"train": 300}))
    writer.add_one("dropout", 1)
    frame = compare_frame([writer.write()]).set_index("variant")
    assert list(frame.loc["plain", ["train", "validation", "test"]]) == [200, 100, 500]
    assert list(frame["train"].isna()) == [False, True]


@pytest.mark.parametrize(
    ("metric", "column"),
    [
        ("log_loss", "test_log_loss_mean"),
        ("training", "training_seconds_mean"),
        ("peak_memory", "peak_memory_bytes_mean"),
        ("images_per_second", "images_per_second_mean"),
    ],
)
def test_column_names_carry_the_unit(study, metric, column):
    folder = study().add("plain", [0.8, 0.9]).write()
    assert column in compare_frame([folder], metric=metric)


def test_records_are_a_row_each(study):
    writer = study().add("plain", [0.8, 0.9])
    writer.add_one("plain", 2, status=Status.FAILED, reason="out of memory")
    frame = records_frame(read_results([writer.write()]).records)
    assert list(frame["status"]) == ["ok", "ok", "failed"]
    assert list(frame["test_accuracy"][:2]) == [0.8, 0.9]
    assert list(frame["training_seconds"]) == [10.0, 11.0, 12.0]
    assert list(frame["train"]) == [200, 200, 200]
    assert frame["reason"][2] == "out of memory"


def test_confusion_matrices_stay_out_of_the_frame(study):
    folder = study().add("plain", [[[1, 2], [3, 4]]], metric="confusion").write()
    assert "test_confusion" not in records_frame(read_results([folder]).records)
