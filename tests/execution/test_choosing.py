"""Validation images choose a candidate, and nothing about test images can."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cnnbench.execution.choosing import best, validation_of
from cnnbench.results.read import read_records
from cnnbench.results.record import Record, Status

TRIED = [(0.80, 0.6, 0.70), (0.90, 0.5, 0.60), (0.90, 0.4, 0.65), (0.85, 0.3, 0.99)]
"""Accuracy and log loss on validation images, accuracy on test images."""


def record(accuracy, loss, test, status=Status.OK):
    metrics = {
        "validation": {"accuracy": accuracy, "log_loss": loss},
        "test": {"accuracy": test, "log_loss": 1 - test},
    }
    return Record(
        trial="t",
        recipe="r",
        variant="v",
        replicate=0,
        backend="torch",
        status=status,
        metrics=metrics if status is Status.OK else {},
    )


def choose(records, metric="accuracy"):
    return best([validation_of(each) for each in records], metric)


def leaky(records, metric="accuracy"):
    """The planted leak: the best on the images that are to judge."""
    return max(range(len(records)), key=lambda i: records[i].metrics["test"][metric])


def leaks(chooser):
    """Whether a choice follows the test images: their scores are given to other candidates."""
    tests = [test for _, _, test in TRIED]
    turned = [tests[i:] + tests[:i] for i in range(len(tests))]
    found = {
        chooser([record(a, loss, test) for (a, loss, _), test in zip(TRIED, order, strict=True)])
        for order in turned
    }
    return len(found) > 1


def test_a_planted_leak_of_test_images_is_caught_and_the_choice_has_none():
    assert leaks(leaky)
    assert not leaks(choose)


def test_the_best_accuracy_wins_and_among_equals_the_lowest_log_loss():
    assert choose([record(*each) for each in TRIED]) == 2
    assert choose([record(*each) for each in TRIED], "log_loss") == 3


def test_of_equals_in_all_the_first_wins():
    assert choose([record(0.9, 0.4, 0.5), record(0.9, 0.4, 0.9)]) == 0


def test_what_diverged_is_never_chosen():
    lost = record(0, 0, 0, Status.FAILED)
    assert choose([lost, record(0.1, 9.0, 0.5)]) == 1
    assert choose([lost, lost]) is None


@pytest.mark.parametrize("loss", ["NaN", "Infinity", math.nan, None])
@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_a_loss_that_is_no_number_is_worse_than_any(loss, metric):
    pair = [record(0.9, loss, 0.5), record(0.9, 5.0, 0.5)]
    assert choose(pair, metric) == 1


def test_the_budgets_of_the_reference_records_are_equal_and_their_choices_follow_validation():
    root = Path(__file__).parents[2]
    records, _ = read_records(
        root / "results" / "reference" / "tuned_small_data" / "torch-native" / "records.jsonl"
    )
    by_id = {each.trial: each for each in records}
    tuned = [each for each in records if each.tuning]
    assert len(tuned) == 3 * 5
    first = [x.settings for x in tuned[0].tuning.candidates]
    for each in tuned:
        tried = [by_id[x.trial] for x in each.tuning.candidates]
        assert [x.settings for x in each.tuning.candidates] == first
        assert {(x.samples.train, x.epochs) for x in tried} == {(100, 40)}
        assert len(tried) == 12
        accuracies = [x.metrics["validation"]["accuracy"] for x in tried]
        assert accuracies[each.tuning.chosen] == max(accuracies)
        assert each.metrics["test"] == tried[each.tuning.chosen].metrics["test"]
