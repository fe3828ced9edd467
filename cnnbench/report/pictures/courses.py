"""The histories of a variant's trials, as curves over epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnbench.errors import ResultsError
from cnnbench.report.chapters import Line
from cnnbench.results.details import read_history
from cnnbench.results.record import Epoch

_LARGEST = 1e12
Quantity = Literal["accuracy", "val_accuracy", "loss", "val_loss"]


@dataclass(frozen=True, slots=True)
class Course:
    """What the trials of one variant measured after each epoch, one history a trial.

    lacking: trials whose history is missing or damaged.
    """

    variant: str
    histories: tuple[tuple[Epoch, ...], ...]
    lacking: int

    @property
    def shared(self) -> int:
        """Epochs that all trials have trained: the mean beyond them would be one of the rest."""
        return min(len(history) for history in self.histories)

    @property
    def longest(self) -> int:
        """Epochs of the trial that trained longest."""
        return max(len(history) for history in self.histories)

    def values(self, quantity: Quantity) -> list[NDArray[np.float64]]:
        """A curve a trial, NaN where nothing was measured."""
        return [
            np.array([_number(getattr(epoch, quantity)) for epoch in history])
            for history in self.histories
        ]

    def measured(self, quantity: Quantity) -> bool:
        """Whether any trial has it."""
        return any(bool(np.isfinite(curve).any()) for curve in self.values(quantity))

    def last(self, quantity: Quantity) -> float | None:
        """The mean over the trials after their own last epochs, None without a value."""
        ends = [curve[-1] for curve in self.values(quantity) if np.isfinite(curve[-1])]
        return float(np.mean(ends)) if ends else None


def course_of(line: Line) -> Course | None:
    """The histories of a line's trials, None if there is none."""
    histories, lacking = [], 0
    for record in line.records:
        try:
            history = read_history(line.folder, record.trial)
        except ResultsError:
            history = ()
        if history:
            histories.append(tuple(history))
        else:
            lacking += 1
    return Course(line.row.variant, tuple(histories), lacking) if histories else None


def courses_of(lines: Sequence[Line]) -> list[Course]:
    """Those of all lines that have any."""
    return [course for line in lines if (course := course_of(line))]


def _number(value: float | None) -> float:
    """Within what can be computed with: a loss may have gone anywhere."""
    return np.nan if value is None else min(max(value, -_LARGEST), _LARGEST)
