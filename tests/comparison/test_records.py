from __future__ import annotations

from cnnbench.comparison.records import counting_records, flat_records
from cnnbench.results.read import read_results
from cnnbench.results.record import Status


def test_records_stand_by_variant_replicate_and_fold(study):
    writer = study().add("plain", [0.8, 0.9], folds=(0, 1)).add("dropout", [0.7])
    rows = flat_records(counting_records(read_results([writer.write()])))
    assert [(x["variant"], x["replicate"], x["fold"]) for x in rows] == [
        ("plain", 0, 0),
        ("plain", 0, 1),
        ("dropout", 0, None),
    ]


def test_records_of_earlier_settings_do_not_count(study):
    writer = study().add("plain", [0.8, 0.9])
    folder = writer.write(leave_out=("plain-1-None",))
    assert [x.replicate for x in counting_records(read_results([folder]))] == [0]


def test_a_failed_trial_is_a_row_with_its_reason_and_without_metrics(study):
    writer = study().add_one("plain", 0, status=Status.FAILED, reason="out of memory")
    writer.add_one("plain", 1, value=0.9)
    failed, ok = flat_records(counting_records(read_results([writer.write()])))
    assert (failed["status"], failed["reason"], failed["test_accuracy"]) == (
        "failed",
        "out of memory",
        None,
    )
    assert (ok["status"], ok["test_accuracy"], ok["training_seconds"]) == ("ok", 0.9, 11.0)
    assert list(failed) == list(ok)
