"""Which images a variant gets wrong, and which it rescues or breaks beside the baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnbench.report.pictures.predicted import Both


@dataclass(frozen=True, slots=True)
class Mistake:
    """An image, over all pairs that were tested on it.

    row: in the source. times: pairs that show it, of tested. said: the wrong class most often said.
    sure: the mean probability of the class said when it was wrong.
    """

    row: int
    label: int
    said: int
    sure: float
    times: int
    tested: int


@dataclass(frozen=True, slots=True)
class Mistakes:
    """The worst of each kind.

    rescued_each, broken_each: images a pair, on average, of tested_each.
    """

    worst: tuple[Mistake, ...]
    rescued: tuple[Mistake, ...]
    broken: tuple[Mistake, ...]
    rescued_each: float
    broken_each: float
    tested_each: float


def mistakes_of(both: Both, most: int) -> Mistakes:
    """Up to `most` images of each kind, the clearest first."""
    pairs = len(both.pairs)
    rescued = sum(int((after.right & ~before.right).sum()) for after, before in both.pairs)
    broken = sum(int((before.right & ~after.right).sum()) for after, before in both.pairs)
    tested = sum(len(after.rows) for after, _ in both.pairs)
    return Mistakes(
        _clearest(both, _wrong, most),
        _clearest(both, _rescued, most),
        _clearest(both, _broken, most),
        rescued / pairs,
        broken / pairs,
        tested / pairs,
    )


_Kind = Callable[[NDArray[np.bool_], NDArray[np.bool_]], NDArray[np.bool_]]


def _wrong(after: NDArray[np.bool_], _: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return ~after


def _rescued(after: NDArray[np.bool_], before: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return after & ~before


def _broken(after: NDArray[np.bool_], before: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return before & ~after


def _clearest(both: Both, kind: _Kind, most: int) -> tuple[Mistake, ...]:
    """Those of which the pairs agree most, then those whose wrong answer was surest."""
    tested: dict[int, int] = {}
    shown: dict[int, list[tuple[int, float]]] = {}
    labels: dict[int, int] = {}
    for after, before in both.pairs:
        told = before if kind is _rescued else after  # who was wrong
        which = kind(after.right, before.right)
        for row in after.rows.tolist():
            tested[row] = tested.get(row, 0) + 1
        for place in np.flatnonzero(which).tolist():
            row = int(told.rows[place])
            labels[row] = int(told.labels[place])
            shown.setdefault(row, []).append((int(told.said[place]), float(told.sure[place])))
    found = [
        Mistake(
            row,
            labels[row],
            _most_frequent([said for said, _ in answers]),
            float(np.mean([sure for _, sure in answers])),
            len(answers),
            tested[row],
        )
        for row, answers in shown.items()
    ]
    found.sort(key=lambda x: (-x.times / x.tested, -x.times, -x.sure, x.row))
    return tuple(found[:most])


def _most_frequent(answers: list[int]) -> int:
    return max(sorted(set(answers)), key=answers.count)
