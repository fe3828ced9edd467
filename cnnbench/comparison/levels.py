"""Accuracies that need no images: guessing evenly, always saying the most frequent class."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import fmean

from cnnbench.comparison.classes import tested
from cnnbench.comparison.metrics import NUMBER, Measure
from cnnbench.results.record import Record


def chance_level(records: Iterable[Record], measure: Measure) -> float | None:
    """The mean level of guessing evenly among the classes that are tested.

    None for other metrics than accuracies, and none but on test.
    """
    if measure.split != "test" or measure.metric.name not in {"accuracy", "balanced_accuracy"}:
        return None
    return _mean(_chance_of(record) for record in records)


def majority_level(records: Iterable[Record], measure: Measure) -> float | None:
    """The mean level of always saying the most frequent class.

    None of balanced accuracy, where one class always right and the others never is chance.
    """
    if measure.split != "test" or measure.metric.name != "accuracy":
        return None
    return _mean(_level_of(record, "majority") for record in records)


def level_to_beat(records: Iterable[Record], measure: Measure) -> tuple[str, float] | None:
    """What a network that has learnt something is above, with its name."""
    if measure.metric.name == "accuracy":
        name, level = "majority-class level", majority_level(records, measure)
    else:
        name, level = "chance level", chance_level(records, measure)
    return None if level is None else (name, level)


def _chance_of(record: Record) -> float | None:
    """The level recorded; of records that forget untested classes, what it should have been."""
    counts = tested(record, "test")
    if any(counts) and not all(counts):
        return 1 / sum(map(bool, counts))
    return _level_of(record, "chance")


def _level_of(record: Record, name: str) -> float | None:
    level = record.metrics.get("trivial", {}).get(name)
    return level if isinstance(level, NUMBER) and math.isfinite(level) else None


def _mean(found: Iterable[float | None]) -> float | None:
    levels = [level for level in found if level is not None]
    return fmean(levels) if levels else None
