"""Dividing a source into training, validation and test images, by class and by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.source import SplitName
from cnnbench.data.spec import DataSpec
from cnnbench.data.splits.amounts import Counts, check_folds, lots, part_of, plan_amounts
from cnnbench.data.splits.grouped import GroupDrawing, refuse_shared, refuse_untrained
from cnnbench.data.splits.grouping import refuse_too_few
from cnnbench.data.streams import random_fractions, random_order
from cnnbench.errors import DataError

Rows = NDArray[np.int64]
KEPT: tuple[SplitName, ...] = ("validation", "test")
"""The splits that are kept when a source fixes them; training images are what is left or chosen."""


def fixed_rows(counts: Mapping[str, int]) -> dict[SplitName, Rows]:
    """The rows of splits that stand one after the other, of those that are kept.

    counts: images of each split in order, or of all under "all".
    """
    starts = dict(zip(counts, np.cumsum([0, *counts.values()]), strict=False))
    return {split: starts[split] + np.arange(counts[split]) for split in KEPT if split in counts}


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Rows of the images in each split, ascending, disjoint; only a bootstrap repeats some."""

    train: Rows
    validation: Rows
    test: Rows

    def __post_init__(self) -> None:
        """Refuse images in two splits, whoever made them: scores would be of known images."""
        named = ("training", self.train), ("validation", self.validation), ("test", self.test)
        for (name, rows), (other, others) in combinations(named, 2):
            if shared := len(np.intersect1d(rows, others)):
                raise DataError(
                    f"{shared:,} images are both {name} and {other} images, so that what is "
                    "chosen or learnt from the ones is no test on the others"
                )


def split_rows(
    labels: NDArray[np.int32],
    fixed: Mapping[SplitName, NDArray[np.int64]],
    spec: DataSpec,
    *,
    seed: int,
    fold: int | None,
    folds: int,
    classes: Sequence[str] = (),
    groups: NDArray[np.int64] | None = None,
) -> Split:
    """Draw the splits of one replicate.

    labels: shape (n,), -1 for images of classes that were not chosen. fixed: rows of the splits
    that the source fixes: its test and validation images are taken whole, or a stratified part of
    them where `spec` asks for less; what it leaves open is drawn from the rest, and so is a test
    split without an image of the chosen classes. With folds > 0 all images outside a fixed test
    split are divided into that many parts by the seed, and part `fold` is the test split. classes:
    their names, for messages. groups: shape (n,), equal for images that no two splits may share,
    None where there are none.

    Every split keeps the class proportions of what it is drawn from to within one image, see
    `cnnbench.data.splits.amounts`; a fold's part holds each class's images divided by the folds,
    rounded up or down. Which of equal classes are rounded up is drawn from the seed. With groups,
    splits and folds are made of whole ones, as near to that as they allow, see
    `cnnbench.data.splits.grouping`. Raises DataError when more is asked than there is.
    """
    names = classes or [str(label) for label in range(int(labels.max(initial=-1)) + 1)]
    chosen = {split: rows[labels[rows] >= 0] for split, rows in fixed.items()}
    keep = kept_splits({split: len(rows) for split, rows in chosen.items()}, folds)
    order = random_order(seed, 0, len(labels))

    def shuffled(rows: Rows) -> list[Rows]:
        ordered = order[np.isin(order, rows)]
        return [ordered[labels[ordered] == index] for index in range(len(names))]

    stacks = {split: shuffled(chosen[split]) for split in keep}
    pool = shuffled(_pool_rows(labels, chosen, keep))
    counts = _sizes(pool)
    part, dealt = None, lots(seed, len(names), "test")
    if folds:
        assert fold is not None, "with folds a trial belongs to one"
        check_folds(spec, int(counts.sum()), folds)
        part = part_of(counts, fold, folds, dealt)
    given = {split: _sizes(stack) for split, stack in stacks.items()}
    amounts, errors = plan_amounts(counts, given, spec, names, part, seed=seed)
    if errors:
        raise errors[0]

    kept = {x: _take(stack, getattr(amounts, x))[0] for x, stack in stacks.items()}
    drawing: Drawing
    if groups is None:
        drawing = ImageDrawing(pool, dealt)
    else:
        refuse_shared(groups, {"training": np.concatenate(pool), **{x: chosen[x] for x in keep}})
        drawing = GroupDrawing(pool, groups, seed)
        drawn = [x for x in KEPT if x not in keep and getattr(amounts, x).sum()]
        refuse_too_few(drawing.counts, drawn, folds)
    if part is None:
        test = kept["test"] if "test" in kept else drawing.take("test", amounts.test)
    else:
        test = drawing.fold(fold or 0, folds)
    validation = kept.get("validation") or drawing.take("validation", amounts.validation)
    train = drawing.train(amounts.train)
    if groups is not None:
        refuse_untrained(train, names)
    return Split(_joined(train), _joined(validation), _joined(test))


class Drawing(Protocol):
    """What takes images from those that a source leaves open; all by class."""

    def fold(self, fold: int, folds: int) -> list[Rows]:
        """Those of one part of a cross-validation."""
        ...

    def take(self, split: str, amounts: Counts) -> list[Rows]:
        """Those of a test or validation split. Raises DataError."""
        ...

    def train(self, amounts: Counts) -> list[Rows]:
        """Those to train on, at last."""
        ...


class ImageDrawing:
    """Draws single images, exactly as many as asked for. pool: rows of each class, as drawn.

    order: of the classes, in which they are dealt out into folds.
    """

    def __init__(self, pool: Sequence[Rows], order: Rows) -> None:
        self._pool, self._order = list(pool), order

    def fold(self, fold: int, folds: int) -> list[Rows]:
        """Those of one part of a cross-validation."""
        part, self._pool = _deal(self._pool, fold, folds, self._order)
        return part

    def take(self, split: str, amounts: Counts) -> list[Rows]:  # noqa: ARG002 - see Drawing
        """The first of each class."""
        drawn, self._pool = _take(self._pool, amounts)
        return drawn

    def train(self, amounts: Counts) -> list[Rows]:
        """The first of each class."""
        return self.take("train", amounts)


def held_out(
    split: Split,
    labels: NDArray[np.int32],
    *,
    seed: int,
    part: int,
    parts: int,
    groups: NDArray[np.int64] | None = None,
) -> Split:
    """The split of a trial that is to predict some of the training images.

    They are dealt out as those of a cross-validation are: a part holds each class's images divided
    by `parts`, rounded up or down, or whole groups. Part `part` is the test split, and the others
    are what is trained on; the split's own test images are in neither. Raises DataError where there
    are fewer images, or groups, than parts.
    """
    if len(split.train) < parts:
        raise DataError(
            f"{len(split.train)} training images can't be divided into {parts} parts, as "
            "ensemble.folds asks for"
        )
    order = random_order(seed, 0, len(labels))
    ordered = order[np.isin(order, split.train)]
    classes = int(labels.max()) + 1
    stacks = [ordered[labels[ordered] == index] for index in range(classes)]
    drawing: Drawing
    if groups is None:
        drawing = ImageDrawing(stacks, lots(seed, classes, "test"))
    else:
        drawing = GroupDrawing(stacks, groups, seed)
        refuse_too_few(drawing.counts, ["test"], parts, "ensemble.folds")
    mine, others = drawing.fold(part, parts), drawing.train(_sizes(stacks))
    if groups is not None:
        refuse_untrained(others, [f"number {label}" for label in range(classes)])
    return Split(_joined(others), split.validation, _joined(mine))


def bootstrap(split: Split, *, seed: int) -> Split:
    """The split with as many training images, drawn from them with replacement (Efron 1979).

    Some are there several times, and about a third, (1 - 1/n)^n, not at all.
    """
    count = len(split.train)
    drawn = (random_fractions(seed, 0, 0, count) * count).astype(np.int64)
    return Split(np.sort(split.train[drawn]), split.validation, split.test)


def kept_splits(images: Mapping[str, int], folds: int) -> list[SplitName]:
    """Those of the splits a source fixes that stay as they are.

    images: of the chosen classes, by split. Folds use the validation split, and nothing can be
    tested on a test split of no images.
    """
    kept = [split for split in KEPT if split in images and not (folds and split == "validation")]
    return [split for split in kept if split != "test" or images[split]]


def _pool_rows(
    labels: NDArray[np.int32], fixed: Mapping[SplitName, Rows], keep: Sequence[SplitName]
) -> Rows:
    """Rows of chosen classes that the source leaves open."""
    is_open = labels >= 0
    if "train" in fixed:
        stated = [fixed[split] for split in fixed if split not in keep]
        is_open = np.zeros(len(labels), bool)
        is_open[np.concatenate(stated)] = True
    for split in keep:
        is_open[fixed[split]] = False
    return np.flatnonzero(is_open)


def _take(stacks: Sequence[Rows], amounts: Counts) -> tuple[list[Rows], list[Rows]]:
    """The first rows of each class, and what is left."""
    pairs = list(zip(stacks, amounts.tolist(), strict=True))
    return [stack[:n] for stack, n in pairs], [stack[n:] for stack, n in pairs]


def _deal(
    stacks: Sequence[Rows], fold: int, folds: int, order: Rows
) -> tuple[list[Rows], list[Rows]]:
    """The rows of one part when all are dealt out class after class in order, and the others'."""
    sizes = _sizes(stacks)
    starts = np.empty_like(sizes)
    starts[order] = np.cumsum(sizes[order]) - sizes[order]
    mine = [
        (start + np.arange(len(stack))) % folds == fold
        for start, stack in zip(starts, stacks, strict=True)
    ]
    part = [stack[flags] for stack, flags in zip(stacks, mine, strict=True)]
    return part, [stack[~flags] for stack, flags in zip(stacks, mine, strict=True)]


def _sizes(stacks: Sequence[Rows]) -> Counts:
    return np.array([len(stack) for stack in stacks], np.int64)


def _joined(stacks: Sequence[Rows]) -> Rows:
    return np.sort(np.concatenate(stacks)).astype(np.int64)
