"""Whether splits can be drawn, and how well, from counts alone: no image, no chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cnnbench.data.amounts import Amounts, Counts, check_folds, part_of, try_amounts
from cnnbench.data.cache import CachedImages
from cnnbench.data.classes import LISTED, check_classes
from cnnbench.data.source import Facts, SplitName
from cnnbench.data.spec import DataSpec
from cnnbench.data.splits import KEPT, kept_splits
from cnnbench.errors import DataError


def facts_of(cached: CachedImages) -> Facts:
    """What is known of a source once its images are decoded: those that could be read count."""
    rows = dict(cached.fixed)
    if "train" not in rows:
        is_open = np.ones(len(cached.labels), bool)
        for taken in cached.fixed.values():
            is_open[taken] = False
        rows |= {"train": np.flatnonzero(is_open)}
    per_class = {
        str(split) if cached.fixed else "all": tuple(
            np.bincount(cached.labels[own], minlength=len(cached.classes)).tolist()
        )
        for split, own in rows.items()
    }
    height, width, channels = cached.images.shape[1:]
    count = {split: sum(counts) for split, counts in per_class.items()}
    return Facts((height, width, channels), cached.classes, count, per_class)


def amount_errors(facts: Facts, spec: DataSpec, folds: int) -> list[DataError]:
    """Every reason why `split_rows` would refuse, but none that follows from another.

    Where a source does not tell its images by class, only the totals are checked.
    """
    errors: list[DataError] = []
    classes_known = folds_known = True
    names: Sequence[str] = facts.classes
    try:
        check_classes(facts.classes, spec.classes)
        names = spec.classes or facts.classes
    except DataError as error:
        errors.append(error)
        classes_known = False
    pool, fixed, names = _counts(facts, names, folds)
    if not np.ndim(pool):
        message = "the source has no images for training, only fixed test images"
        return [*errors, DataError(message, "source")]
    try:
        check_folds(spec, int(pool.sum()), folds)
    except DataError as error:
        errors.append(error)
        folds_known = False
    parts = _parts(pool, folds) if folds_known else [np.zeros_like(pool)]
    for part in parts:
        short = try_amounts(pool, fixed, spec, names, part, classes_known=classes_known)[1]
        if short:
            return errors + short
    return errors


def absence_notes(facts: Facts, spec: DataSpec, folds: int) -> tuple[str, ...]:
    """A sentence for each of validation and test about classes that it holds no image of.

    facts: with images told by class, of which `amount_errors` finds nothing wrong.
    """
    pool, fixed, names = _counts(facts, spec.classes or facts.classes, folds)
    amounts = [try_amounts(pool, fixed, spec, names, part)[0] for part in _parts(pool, folds)]
    notes = []
    for split in KEPT:
        absent = [
            name for name, least in zip(names, _least(amounts, split), strict=True) if not least
        ]
        if absent:
            more = f" and {len(absent) - LISTED:,} more" if len(absent) > LISTED else ""
            listed = ", ".join(absent[:LISTED]) + more
            whose = "A fold's" if folds else "The"
            notes.append(f"{whose} {split} split holds no image of: {listed}.")
    return tuple(notes)


def _least(amounts: Sequence[Amounts], split: SplitName) -> list[int]:
    """Images of each class in the split of the fold that has the fewest."""
    least: list[int] = np.min([getattr(each, split) for each in amounts], axis=0).tolist()
    return least


def _counts(
    facts: Facts, names: Sequence[str], folds: int
) -> tuple[Counts, dict[SplitName, Counts], Sequence[str]]:
    """Images per class that are left open, and of the splits that are kept; all as one class."""
    if facts.class_count:
        indices = [facts.classes.index(name) for name in names]
        counts = {key: np.array(value)[indices] for key, value in facts.class_count.items()}
    else:
        names = ("all",)
        counts = {key: np.array([value]) for key, value in facts.count.items()}
    fixed: dict[SplitName, Counts] = {split: counts[split] for split in kept_splits(counts, folds)}
    pool = np.sum([value for key, value in counts.items() if key not in fixed], axis=0)
    return pool, fixed, names


def _parts(pool: Counts, folds: int) -> Iterator[Counts | None]:
    """The test split of each fold, None without folds."""
    if not folds:
        return iter([None])
    return (part_of(pool, fold, folds) for fold in range(folds))
