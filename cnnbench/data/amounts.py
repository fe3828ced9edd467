"""How many images of each class go into each split: arithmetic on counts, no image, no chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.source import SplitName
from cnnbench.data.spec import Amount, DataSpec
from cnnbench.errors import DataError

Counts = NDArray[np.int64]
"""Images per class, shape (classes,)."""
DEFAULT_FRACTION = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """Images per class of each split."""

    train: Counts
    validation: Counts
    test: Counts


def plan_amounts(
    pool: Counts,
    fixed: Mapping[SplitName, Counts],
    spec: DataSpec,
    names: Sequence[str],
    part: Counts | None = None,
) -> Amounts:
    """Divide the images so that each split keeps the class proportions of what it is drawn from.

    pool: images that the source leaves open. fixed: those of the validation and test splits that
    the source itself fixes. names: of the classes, for messages. part: with cross-validation, the
    images of the pool that are this fold's test split.

    First the test split is drawn, then validation, then training images, so that asking for fewer
    training images changes neither test nor validation. A fraction is of all the images that the
    split is drawn from, rounded, at least one. Raises DataError when more is asked than there is or
    a class is left without training images.
    """
    left = pool.copy()
    everything = int(pool.sum())
    taken: list[str] = []

    def draw(split: SplitName, amount: Amount | None) -> Counts:
        if split in fixed:
            whole = int(fixed[split].sum())
            wanted = _number(amount, whole, whole)
            _require(split, wanted, whole, f"the source's own {split} split holds")
            return apportion(wanted, fixed[split])
        remaining = int(left.sum())
        default = max(1, round(DEFAULT_FRACTION * everything))
        wanted = _number(amount, everything, default)
        _require(split, wanted, remaining, _remain(everything, taken))
        chosen = apportion(wanted, left)
        left[:] -= chosen
        taken.append(f"{wanted:,} for {split}")
        return chosen

    if part is None:
        test = draw("test", spec.test)
    else:
        test = part
        left -= part
        taken.append(f"{int(part.sum()):,} for test")
    validation = draw("validation", spec.validation)
    remaining = int(left.sum())
    if remaining == 0:
        raise DataError(
            f"no training image remains of {everything:,} after {' and '.join(taken)}",
            "validation",
        )
    wanted = _number(spec.train, everything, remaining)
    _require("train", wanted, remaining, _remain(everything, taken))
    train = apportion(wanted, left)
    _require_every_class(train, wanted, pool, names)
    return Amounts(train, validation, test)


def apportion(total: int, counts: Counts) -> Counts:
    """Divide a total in proportion to the counts, by the method of largest remainders.

    Each share is its quota rounded up or down, so it is within one of it and never exceeds its
    count; of equal remainders the first is rounded up. total: at most the sum of the counts.
    """
    everything = int(counts.sum())
    if everything == 0:
        return np.zeros_like(counts)
    shares, remainders = np.divmod(total * counts, everything)
    extra = total - int(shares.sum())
    shares[np.argsort(-remainders, kind="stable")[:extra]] += 1
    return shares


def part_of(counts: Counts, fold: int, folds: int) -> Counts:
    """Images per class in one of `folds` equal parts, when they are dealt out class after class."""
    class_of = np.repeat(np.arange(len(counts)), counts)
    return np.bincount(class_of[fold::folds], minlength=len(counts)).astype(np.int64)


def check_folds(spec: DataSpec, images: int, folds: int) -> None:
    """Raise DataError where this many folds make no sense."""
    if folds == 1:
        raise DataError(
            "evaluation.folds = 1 leaves nothing to train on; use 0 for a held-out test split or "
            "at least 2"
        )
    if folds > images:
        raise DataError(f"evaluation.folds = {folds:,}, but there are only {images:,} images")
    if folds and spec.test is not None:
        raise DataError(
            f"test = {spec.test} can't be met with evaluation.folds = {folds}, where each fold's "
            "part is its test split; leave out one of the two",
            "test",
        )


def _number(amount: Amount | None, everything: int, default: int) -> int:
    if amount is None:
        return default
    if isinstance(amount, float):
        return max(1, round(amount * everything))
    return amount


def _require(split: SplitName, wanted: int, available: int, where: str) -> None:
    if wanted > available:
        raise DataError(
            f"{split} asks for {wanted:,} images, but {where} only {available:,}", split
        )


def _remain(everything: int, taken: Sequence[str]) -> str:
    if not taken:
        return "there are"
    return f"of {everything:,} there remain, after {' and '.join(taken)},"


def _require_every_class(train: Counts, wanted: int, pool: Counts, names: Sequence[str]) -> None:
    missing = np.flatnonzero(train == 0)
    if not len(missing):
        return
    first = int(missing[0])
    others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
    raise DataError(
        f"class {names[first]!r}{others} has no image among the {wanted:,} for training: it has "
        f"{int(pool[first]):,} of {int(pool.sum()):,} images outside fixed splits; ask for more "
        "training images, add images of it, or leave it out with `classes`",
        "train",
    )
