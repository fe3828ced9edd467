"""What a trial said of each of its test images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbench.errors import ResultsError
from cnnbench.results.details import Predictions, read_predictions
from cnnbench.results.record import Record


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What one trial said of its test images.

    rows: of the images in the source. labels: true classes. said: those predicted. sure: the
    probability of the class that was said. true: that of the true class.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    said: NDArray[np.int64]
    sure: NDArray[np.float64]
    true: NDArray[np.float64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the true class was said."""
        return np.equal(self.said, self.labels)


def told(folder: Path, record: Record) -> Told | None:
    """The predictions of a trial; None where they are missing, damaged, or of another trial."""
    try:
        found = read_predictions(folder, record.trial)
    except ResultsError:
        return None
    return _usable(found, len(record.samples.classes) if record.samples else 0)


def _usable(found: Predictions, classes: int) -> Told | None:
    """None where arrays from elsewhere do not fit each other."""
    given = np.asarray(found.probabilities, np.float64)
    if given.ndim == 2 and given.shape[1] == 1:  # noqa: PLR2004 - of a single sigmoid unit
        given = np.hstack([1 - given, given])
    labels, rows = np.asarray(found.labels), np.asarray(found.rows)
    fits = (
        given.shape == (len(rows), classes)
        and labels.shape == rows.shape
        and len(rows) > 0
        and bool(np.isfinite(given).all())
        and bool(((labels >= 0) & (labels < classes)).all())
    )
    if not fits:
        return None
    said = given.argmax(1)
    each = np.arange(len(rows))
    return Told(
        rows.astype(np.int64),
        labels.astype(np.int64),
        said,
        given[each, said],
        given[each, labels],
    )
