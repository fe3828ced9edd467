"""What trials predicted for their test images, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbench.errors import ResultsError
from cnnbench.report.chapters import NO_DIFFERENCE, Chapter, NothingToDrawError
from cnnbench.report.pictures.canvas import short
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


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """Pairs of a variant and the baseline, tested on the same images in the same order.

    lacking: pairs whose predictions are missing, damaged or of different images.
    """

    variant: str
    baseline: str
    pairs: tuple[tuple[Told, Told], ...]
    lacking: int
    classes: tuple[str, ...]
    digest: str
    source: str


def both_of(chapter: Chapter, variant: str | None = None) -> Both:
    """The predictions of the chosen variant and of the baseline.

    Raises NothingToDrawError if no pair has them.
    """
    line, baseline = chapter.chosen(variant), chapter.baseline
    if line is None or baseline is None or not line.pairs:
        raise NothingToDrawError(
            f"{chapter.name}: {NO_DIFFERENCE}, so predictions are not compared either"
        )
    pairs, lacking = [], 0
    samples = [x.samples for both in line.pairs.values() for x in both if x.samples]
    for ours, theirs in line.pairs.values():
        after, before = _told(line.folder, ours), _told(baseline.folder, theirs)
        if after and before and np.array_equal(after.rows, before.rows):
            pairs.append((after, before))
        else:
            lacking += 1
    if not pairs or len({(x.digest, x.classes) for x in samples}) != 1:
        raise NothingToDrawError(
            f"{chapter.name}: no predictions of the same test images can be read for "
            f"{short(line.row.variant)} and {short(baseline.row.variant)}; "
            "they stand in the folder predictions/ beside the records of a run"
        )
    first = samples[0]
    return Both(
        line.row.variant,
        baseline.row.variant,
        tuple(pairs),
        lacking,
        first.classes,
        first.digest,
        first.source,
    )


def _told(folder: Path, record: Record) -> Told | None:
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
