"""Whole groups of images for a split or a fold: as many images as asked for, classes as even."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.splits.amounts import Counts
from cnnbench.data.streams import random_fractions, random_order
from cnnbench.errors import DataError

GroupCounts = NDArray[np.int64]
"""Images of each class in each group, shape (groups, classes)."""
STREAMS = {"test": 4, "validation": 5, "folds": 6}
"""Of random numbers; those before are of `cnnbench.data.splits.amounts`."""
MOST_DRAWS, STEPS = 8, 1000
"""How many draws the best is taken of, and how many groups they may look at together."""
UNIT = 1 << 20
"""Shares of a class are whole numbers of which this is all: their sums are exact everywhere."""


def counts_of(groups: NDArray[np.int64], labels: NDArray[np.int32], classes: int) -> GroupCounts:
    """Images of each class (columns) in each group (rows), of images with a label and a group.

    groups: 0 to the number of groups - 1.
    """
    count = int(groups.max(initial=-1)) + 1
    cells = np.bincount(groups * classes + labels, minlength=count * classes)
    return cells.reshape(count, classes)


def taken(counts: GroupCounts, target: Counts, split: str, *, seed: int) -> NDArray[np.bool_]:
    """The groups that a test or validation split takes whole, shape (groups,).

    target: images of each class that are asked for. Every class keeps a group that is not taken, so
    that there is one to train on. Each draw goes through the groups in a random order and takes
    those that bring the split nearer to its target; the best of several counts, which are new ones
    for every seed. Near is the sum over the classes, and over all images, of the squared distance
    as a fraction of the images there are; a class that is asked for and left out counts 1 more.
    Raises DataError where no group can be spared.
    """
    if not target.sum():
        return np.zeros(len(counts), bool)
    wish = _Wish(target, counts.sum(axis=0))
    draws = [
        _take(counts, wish, random_order(seed, draw, len(counts), STREAMS[split]))
        for draw in range(_draws(counts))
    ]
    best = min(draws, key=lambda chosen: wish.distance(_with_total(counts[chosen].sum(axis=0))))
    if not best.any():
        raise DataError(
            f"no group of images can be spared for the {split} split: of each that there is, some "
            "class would be left without a group to train on; divide the groups, or add some",
            "groups",
        )
    return best


def dealt(counts: GroupCounts, folds: int, *, seed: int) -> NDArray[np.int64]:
    """The fold of each group, shape (groups,): folds of about equal size and classes.

    Larger groups come first, to within a factor of two by lot, each to the fold that has the fewest
    images of its classes, as a fraction of those there are; the best of several draws counts, in
    which fewest classes are in one fold alone and folds differ least.
    """
    whole = _with_total(counts)
    share = whole * UNIT // np.maximum(whole.sum(axis=0), 1)
    best: tuple[tuple[int, int], NDArray[np.int64]] | None = None
    for draw in range(_draws(counts)):
        luck = random_fractions(seed, draw, STREAMS["folds"], len(counts))
        order = np.argsort(-whole[:, -1] * (1 + luck), kind="stable")
        fold_of = np.zeros(len(counts), np.int64)
        filled = np.zeros((folds, whole.shape[1]), np.int64)
        for group in order.tolist():
            fold = int(np.argmin((filled * share[group]).sum(axis=1)))
            fold_of[group] = fold
            filled[fold] += share[group]
        held = (filled[:, :-1] > 0).sum(axis=0)
        merit = int((held == 1).sum()), int(((filled - UNIT // folds) ** 2).sum())
        if best is None or merit < best[0]:
            best = merit, fold_of
    assert best is not None
    return best[1]


def refuse_too_few(
    counts: GroupCounts, splits: Sequence[str], folds: int, key: str = "evaluation.folds"
) -> None:
    """Raise DataError where there are fewer groups than must go to different places.

    splits: those that are drawn, training aside. key: what asks for the folds.
    """
    groups = int((counts.sum(axis=1) > 0).sum())
    if folds > groups:
        raise DataError(
            f"{key} = {folds:,}, but there are only {groups:,} groups of images, each of "
            "which is tested in one fold; ask for fewer folds, or divide the groups",
            "groups",
        )
    needed = len(splits) + 1
    if groups < needed:
        few = "1 group of images is" if groups == 1 else f"{groups:,} groups of images are"
        raise DataError(
            f"{few} too few for {needed} splits, each of which takes whole groups; divide the "
            "groups, or add some",
            "groups",
        )


def _draws(counts: GroupCounts) -> int:
    return max(1, min(MOST_DRAWS, STEPS // max(1, len(counts))))


def _with_total(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([counts, counts.sum(axis=-1, keepdims=True)], axis=-1)


def _take(counts: GroupCounts, wish: _Wish, order: NDArray[np.int64]) -> NDArray[np.bool_]:
    """One draw; at least one group, if any can be spared."""
    whole, holds = _with_total(counts), counts > 0
    left = holds.sum(axis=0)
    got = np.zeros_like(whole[0])
    distance = wish.distance(got)
    chosen = np.zeros(len(counts), bool)
    fallback: tuple[int, int] | None = None
    for group in order.tolist():
        if (holds[group] & (left < 2)).any():  # noqa: PLR2004 - a class would have none left
            continue
        nearer = wish.distance(got + whole[group])
        fallback = min(fallback or (nearer, group), (nearer, group))
        if nearer < distance:
            distance, got, left = nearer, got + whole[group], left - holds[group]
            chosen[group] = True
    if not chosen.any() and fallback:
        chosen[fallback[1]] = True
    return chosen


class _Wish:
    """What a split is to hold. there: images of each class that it is drawn from."""

    def __init__(self, target: Counts, there: Counts) -> None:
        self._target, self._there = _with_total(target), np.maximum(_with_total(there), 1)

    def distance(self, got: Counts) -> int:
        """How far from it these images of each class, and of all, are."""
        apart = (got - self._target) * UNIT // self._there
        missing = np.count_nonzero((got == 0) & (self._target > 0))
        return int((apart * apart).sum()) + int(missing) * UNIT**2
