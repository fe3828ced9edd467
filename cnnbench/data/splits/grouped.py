"""Splits of which no two share a group of images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.splits.amounts import Counts, lots, quotas, round_up
from cnnbench.data.splits.grouping import GroupCounts, counts_of, dealt, taken
from cnnbench.errors import DataError

Rows = NDArray[np.int64]


class GroupDrawing:
    """Draws whole groups for tests and validation, and single images of the others for training.

    pool: rows of each class, in the order in which they are drawn. groups: of all images.
    """

    def __init__(self, pool: Sequence[Rows], groups: NDArray[np.int64], seed: int) -> None:
        self._pool, self._groups, self._seed = list(pool), groups, seed
        self._unasked = sum(map(len, pool))

    @property
    def counts(self) -> GroupCounts:
        """Images of each class in each group that is left."""
        return self._numbered()[1]

    def fold(self, fold: int, folds: int) -> list[Rows]:
        """All images of the groups in a fold, by class."""
        numbers, counts = self._numbered()
        self._unasked -= len(range(fold, self._unasked, folds))
        return self._remove(dealt(counts, folds, seed=self._seed)[numbers] == fold)

    def take(self, split: str, amounts: Counts) -> list[Rows]:
        """All images of the groups that a split takes, by class. Raises DataError."""
        numbers, counts = self._numbered()
        self._unasked -= int(amounts.sum())
        return self._remove(taken(counts, amounts, split, seed=self._seed)[numbers])

    def train(self, amounts: Counts) -> list[Rows]:
        """So many images of the groups that are left, in the proportions of their classes.

        All of them where no image was to be left out, or where fewer are left.
        """
        sizes, wanted = np.array([len(rows) for rows in self._pool]), int(amounts.sum())
        if wanted >= min(self._unasked, int(sizes.sum())):
            return self._pool
        shares, remainders, extra = quotas(wanted, sizes)
        claims = 2 * remainders + (shares == 0)
        amounts = round_up(shares, claims, extra, lots(self._seed, len(sizes), "train"))
        return [rows[:n] for rows, n in zip(self._pool, amounts.tolist(), strict=True)]

    def _numbered(self) -> tuple[NDArray[np.int64], GroupCounts]:
        """The group of each image that is left, as numbers from 0, and what each group holds."""
        of_class = np.arange(len(self._pool), dtype=np.int32)
        labels = np.repeat(of_class, [len(rows) for rows in self._pool])
        _, numbers = np.unique(self._groups[np.concatenate(self._pool)], return_inverse=True)
        return numbers, counts_of(numbers, labels, len(self._pool))

    def _remove(self, chosen: NDArray[np.bool_]) -> list[Rows]:
        ends = np.cumsum([len(rows) for rows in self._pool])[:-1]
        flags = np.split(chosen, ends)
        removed = [rows[own] for rows, own in zip(self._pool, flags, strict=True)]
        self._pool = [rows[~own] for rows, own in zip(self._pool, flags, strict=True)]
        return removed


def refuse_shared(groups: NDArray[np.int64], rows: Mapping[str, Rows]) -> None:
    """Raise DataError where splits that a source fixes share a group, which nothing can mend.

    rows: of the images that each split is drawn from, by its name.
    """
    for (name, own), (other, others) in combinations(rows.items(), 2):
        if shared := len(np.intersect1d(groups[own], groups[others])):
            are = "1 group of images is" if shared == 1 else f"{shared:,} groups of images are"
            raise DataError(
                f"{are} in both the given {name} and {other} splits, so that data.groups can't "
                "keep them together: move them to one side, or leave data.groups out",
                "groups",
            )


def refuse_untrained(train: Sequence[Rows], names: Sequence[str]) -> None:
    """Raise DataError where the groups that are left for training lack a class."""
    missing = [name for name, rows in zip(names, train, strict=True) if not len(rows)]
    if missing:
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise DataError(
            f"class {missing[0]!r}{others} has too few groups of images: when whole groups are "
            "tested, none is left to train on; add images of other groups, or leave the class out "
            "with `classes`",
            "groups",
        )
