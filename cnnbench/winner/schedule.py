"""For how many epochs a chosen variant is trained once more, and with which learning rates."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cnnbench.errors import ResultsError
from cnnbench.recipe.training import EarlyStopping
from cnnbench.recipe.transfer import Stage
from cnnbench.results.details import read_history
from cnnbench.results.record import Epoch, Record
from cnnbench.training.progress import Stopper


@dataclass(frozen=True, slots=True)
class StageCourse:
    """The epochs of one stage of a recorded trial up to the one whose weights counted."""

    rates: tuple[float, ...]

    @property
    def epochs(self) -> int:
        """How many."""
        return len(self.rates)


def final_stages(
    study: Path, records: Sequence[Record], stages: Sequence[Stage]
) -> tuple[tuple[Stage, ...], tuple[tuple[int, ...], ...]]:
    """The stages of the last training, and of each stage the counting epochs of every record.

    stages: of the variant's trials. Each is trained for the median of the records' counting epochs
    (of an even number of records the lower of the middle two, which one of them has), with the
    learning rates that a record of so many epochs had: what a plateau or a stop would need
    validation images for is decided already. Weights are fitted to all images for the number of
    epochs that validation found (Goodfellow, Bengio and Courville 2016, algorithm 7.2). Of a
    boosting, whose networks share their settings, the median is that of all of them.
    Raises ResultsError where a history is missing or is not that of its record.
    """
    found = [
        courses
        for record in records
        for courses in _courses(record, read_history(study, record.trial), stages)
    ]
    final, counts = [], []
    for number, stage in enumerate(stages):
        courses = [courses[number] for courses in found]
        epochs = statistics.median_low(course.epochs for course in courses)
        typical = next(course for course in courses if course.epochs == epochs)
        training = stage.training.model_copy(
            update={"epochs": epochs, "early_stopping": EarlyStopping()}
        )
        final.append(replace(stage, training=training, rates=typical.rates))
        counts.append(tuple(course.epochs for course in courses))
    return tuple(final), tuple(counts)


def _courses(
    record: Record, history: Sequence[Epoch], stages: Sequence[Stage]
) -> list[list[StageCourse]]:
    """Of each network of a trial, each stage as it went."""
    boosted = record.ensemble is not None and record.ensemble.method == "boosting"
    networks: list[list[StageCourse]] = []
    start, last = 0, 0
    while start < len(history) and (boosted or not networks):
        courses, start, last = _course(history, start, stages)
        networks.append(courses)
    if start != len(history) or (record.ensemble is None and last != record.best_epoch):
        raise ResultsError(
            f"the history of trial {record.trial} is not that of its record: run the recipe again "
            "with --force"
        )
    return networks


def _course(
    history: Sequence[Epoch], start: int, stages: Sequence[Stage]
) -> tuple[list[StageCourse], int, int]:
    """The stages of one network, where it ended, and which epoch counted of all in the history.

    Early stopping alone tells where a stage ended, so it is asked again.
    """
    courses, last = [], start
    for stage in stages:
        stopper, ran = Stopper(stage.training.early_stopping), 0
        for epoch in history[start : start + stage.training.epochs]:
            ran += 1
            stopper.tell(epoch)
            if stopper.stop:
                break
        counting = stopper.best_epoch - start if stopper.restores else ran
        courses.append(StageCourse(tuple(x.learning_rate for x in history[start:][:counting])))
        last, start = start + counting, start + ran
    return courses, start, last
