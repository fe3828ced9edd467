"""What the trials of a baseline and of a variant took for what, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.comparison.intervals import Estimate, estimate
from cnnbench.report.chapters import NO_DIFFERENCE, Chapter, Line, NothingToDrawError
from cnnbench.report.pictures.canvas import short
from cnnbench.results.record import Record

MOST = 20
"""Classes that are drawn; of more, those that are recognised worst."""


@dataclass(frozen=True, slots=True, eq=False)
class Confusions:
    """What the trials of a baseline and of a variant took for what.

    classes: names of those shown. before, after: how often, summed over the trials, rows are true
    classes. differences: in recall, class by class, paired. left_out: classes that are not shown.
    folds_shared: whether intervals are of folds that share training images.
    """

    classes: tuple[str, ...]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    differences: tuple[Estimate | None, ...]
    left_out: int
    names: tuple[str, str]


def confusions_of(chapter: Chapter, variant: str | None = None) -> Confusions:
    """Those of the baseline and of the chosen variant.

    Raises NothingToDrawError where there are none, or where the two know different classes.
    """
    line, baseline = chapter.chosen(variant), chapter.baseline
    if line is None or baseline is None or not line.pairs:
        raise NothingToDrawError(
            f"{chapter.name}: {NO_DIFFERENCE}, so no two confusion matrices are laid beside each "
            "other"
        )
    split = chapter.comparison.split
    pairs = [(_matrix(x, split), _matrix(y, split)) for x, y in line.pairs.values()]
    whole = [(after, before) for after, before in pairs if after is not None and before is not None]
    classes = {x.samples.classes for both in line.pairs.values() for x in both if x.samples}
    if not whole or len(classes) != 1:
        reason = "know different classes" if whole else "recorded none"
        raise NothingToDrawError(
            f"{chapter.name}: no confusion matrices of {short(line.row.variant)} and "
            f"{short(baseline.row.variant)}, as the trials {reason}"
        )
    names = next(iter(classes))
    if any(matrix.shape != (len(names), len(names)) for both in whole for matrix in both):
        raise NothingToDrawError(
            f"{chapter.name}: the recorded confusion matrices do not fit the {len(names)} classes"
        )
    after, before = (sum(side) for side in zip(*whole, strict=True))
    fraction = _test_fraction(line)
    differences = [
        _difference([(a[k], b[k]) for a, b in whole], k, fraction) for k in range(len(names))
    ]
    shown = _shown(np.asarray(after) + np.asarray(before))
    grid = np.ix_(shown, shown)
    return Confusions(
        tuple(names[k] for k in shown),
        np.asarray(before)[grid],
        np.asarray(after)[grid],
        tuple(differences[k] for k in shown),
        len(names) - len(shown),
        (baseline.row.variant, line.row.variant),
    )


def rates_of(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """By true class: each row adds up to 1, or is 0 where the class was not tested."""
    sums = matrix.sum(1, keepdims=True)
    rates: NDArray[np.float64] = np.divide(matrix, sums, out=np.zeros(matrix.shape), where=sums > 0)
    return rates


def _matrix(record: Record, split: str) -> NDArray[np.int64] | None:
    rows: Any = record.metrics.get(split, {}).get("confusion")
    try:
        matrix = np.array(rows, dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        return None
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1]  # noqa: PLR2004
    return matrix if square and len(matrix) and (matrix >= 0).all() else None


def _difference(
    rows: list[tuple[NDArray[np.int64], NDArray[np.int64]]], k: int, fraction: float | None
) -> Estimate | None:
    values = [
        float(after[k] / after.sum() - before[k] / before.sum())
        for after, before in rows
        if after.sum() and before.sum()
    ]
    return estimate(values, fraction) if values else None


def _test_fraction(line: Line) -> float | None:
    """For the interval over folds, as in the table; None without folds."""
    folds = {fold for _, fold in line.pairs if fold is not None}
    return 1 / max(len(folds), 2) if folds else None


def _shown(both: NDArray[np.int64]) -> list[int]:
    """All classes, or those with most mistakes, in their own order."""
    if len(both) <= MOST:
        return list(range(len(both)))
    wrong = both.sum(0) + both.sum(1) - 2 * both.diagonal()
    return sorted(np.argsort(-wrong, kind="stable")[:MOST].tolist())
