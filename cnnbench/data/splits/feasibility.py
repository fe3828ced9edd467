"""Whether splits can be drawn, and how well, from counts alone: no image, no replicate's seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from psutil import virtual_memory

from cnnbench.data.sources.cache import CachedImages
from cnnbench.data.sources.source import Facts, SplitName
from cnnbench.data.sources.summary import in_words
from cnnbench.data.spec import DataSpec
from cnnbench.data.splits.amounts import Amounts, Counts, check_folds, lots, part_of, plan_amounts
from cnnbench.data.splits.classes import LISTED, check_classes
from cnnbench.data.splits.draw import KEPT, kept_splits
from cnnbench.data.splits.grouping import counts_of
from cnnbench.errors import DataError

MOST_BYTES = 16 * 2**30
"""Of decoded images, whatever the machine: more are no small data set."""
DRAWS = range(16)
"""Seeds to look at where lots decide between classes: what each class may get."""


def facts_of(cached: CachedImages) -> Facts:
    """What is known of a source once its images are decoded: those that could be read count.

    Of chosen classes, where some were chosen.
    """
    rows = dict(cached.fixed)
    if "train" not in rows:
        is_open = np.ones(len(cached.labels), bool)
        for taken in cached.fixed.values():
            is_open[taken] = False
        rows |= {"train": np.flatnonzero(is_open)}
    per_class = {
        str(split) if cached.fixed else "all": tuple(
            np.bincount(cached.labels[own] + 1, minlength=len(cached.classes) + 1)[1:].tolist()
        )
        for split, own in rows.items()
    }
    height, width, channels = cached.images.shape[1:]
    count = {split: sum(counts) for split, counts in per_class.items()}
    shape = (height, width, channels)
    return Facts(shape, cached.classes, count, per_class, cached.signals, _group_count(cached))


def _group_count(cached: CachedImages) -> tuple[tuple[int, ...], ...]:
    if cached.groups is None:
        return ()
    chosen = cached.labels >= 0
    _, numbers = np.unique(cached.groups[chosen], return_inverse=True)
    counts = counts_of(numbers, cached.labels[chosen], len(cached.classes))
    return tuple(map(tuple, counts.tolist()))


def amount_errors(facts: Facts, spec: DataSpec, folds: int) -> list[DataError]:
    """Every reason why `split_rows` would refuse, but none that follows from another.

    Where a source does not tell its images by class, only the totals are checked.
    """
    return [
        DataError(in_words(str(error), signals=facts.signals), error.key)
        for error in _amount_errors(facts, spec, folds)
    ]


def _amount_errors(facts: Facts, spec: DataSpec, folds: int) -> list[DataError]:
    if too_large := _too_large(facts, spec):
        return [too_large]
    errors: list[DataError] = []
    classes_known = True
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
    possible: int | None = folds
    try:
        check_folds(spec, int(pool.sum()), folds)
    except DataError as error:
        errors.append(error)
        possible = None
    for attempt in _attempts(pool, fixed, spec, names, folds=possible, classes_known=classes_known):
        for _, short in attempt:
            if short:
                return errors + short
    return errors


def _too_large(facts: Facts, spec: DataSpec) -> DataError | None:
    """That the decoded images would fill the memory of a machine."""
    images = sum(facts.count.values())
    each = math.prod(facts.shape) * (4 if facts.signals else 1)
    wanted, most = images * each, min(MOST_BYTES, virtual_memory().total)
    if wanted <= most:
        return None
    if facts.signals:
        return DataError(
            f"{images:,} signals take {wanted / 2**30:,.1f} GiB, and at most {most / 2**30:,.1f} "
            "GiB are read: cut them or keep fewer",
            "source",
        )
    height, width, _ = facts.shape
    return DataError(
        f"{images:,} images of {height:,} x {width:,} pixels take {wanted / 2**30:,.1f} GiB when "
        f"decoded, and at most {most / 2**30:,.1f} GiB are; set a smaller image_size"
        + ("" if spec.image_size else " = [height, width]"),
        "image_size",
    )


def split_notes(facts: Facts, spec: DataSpec, folds: int) -> tuple[str, ...]:
    """A sentence on a given test split that is not used, and on classes that are not tested.

    facts: with images told by class, of which `amount_errors` finds nothing wrong.
    """
    pool, fixed, names = _counts(facts, spec.classes or facts.classes, folds)
    notes = []
    if folds and "test" in fixed:
        notes.append("The given test split is not used: folds are tested on parts of the others.")
    if "test" in facts.count and "test" not in fixed and not folds:
        notes.append(
            "The given test split holds no image of the chosen classes: a test split is drawn "
            "instead."
        )
    attempts = list(_attempts(pool, fixed, spec, names, folds=folds))
    for split in KEPT:
        lacks = [
            np.min([getattr(amounts, split) for amounts, _ in attempt], axis=0) == 0
            for attempt in attempts
        ]
        always, at_times = np.all(lacks, axis=0), np.any(lacks, axis=0) & ~np.all(lacks, axis=0)
        whose = "A fold's" if folds else "The"
        if always.any():
            notes.append(f"{whose} {split} split holds no image of: {_listed(names, always)}.")
        if at_times.any():
            notes.append(
                f"{whose} {split} split holds images of some of these classes only, drawn anew "
                f"for each replicate: {_listed(names, at_times)}."
            )
    return tuple(in_words(note, signals=facts.signals) for note in notes)


def split_sizes(facts: Facts, spec: DataSpec, folds: int) -> dict[SplitName, int | list[int]]:
    """What the amounts come to: images in each split, a list where they differ between folds.

    facts: of which `amount_errors` finds nothing wrong.
    """
    pool, fixed, names = _counts(facts, spec.classes or facts.classes, folds)
    attempt = next(_attempts(pool, fixed, spec, names, folds=folds))
    splits: tuple[SplitName, ...] = ("train", "validation", "test")
    sizes = {x: [int(getattr(amounts, x).sum()) for amounts, _ in attempt] for x in splits}
    return {x: each[0] if len(set(each)) == 1 else each for x, each in sizes.items()}


def lots_decide(facts: Facts, spec: DataSpec, folds: int) -> bool:
    """Whether classes with equal claims to an image leave it to the seed which of them gets it."""
    pool, fixed, names = _counts(facts, spec.classes or facts.classes, folds)
    attempts = _attempts(pool, fixed, spec, names, folds=folds)
    return len(list(islice(attempts, 2))) > 1


def _attempts(
    pool: Counts,
    fixed: Mapping[SplitName, Counts],
    spec: DataSpec,
    names: Sequence[str],
    *,
    folds: int | None,
    classes_known: bool = True,
) -> Iterator[list[tuple[Amounts, list[DataError]]]]:
    """What `plan_amounts` makes of each fold: for each of DRAWS, or once where no lot decides.

    folds: None where a wrong number was asked for; then no test split is drawn.
    """
    uneven = folds is not None and folds > 0 and bool(np.any(pool % folds))
    for seed in DRAWS:
        parts: list[Counts | None] = [None]
        if folds is None:
            parts = [np.zeros_like(pool)]
        elif folds:
            order = lots(seed, len(pool), "test")
            parts = [part_of(pool, fold, folds, order) for fold in range(folds)]
        attempt = [
            plan_amounts(pool, fixed, spec, names, x, seed=seed, classes_known=classes_known)
            for x in parts
        ]
        yield attempt
        if not uneven and not any(amounts.drawn for amounts, _ in attempt):
            return


def _listed(names: Sequence[str], chosen: NDArray[np.bool_]) -> str:
    listed = [name for name, is_chosen in zip(names, chosen, strict=True) if is_chosen]
    more = f" and {len(listed) - LISTED:,} more" if len(listed) > LISTED else ""
    return ", ".join(listed[:LISTED]) + more


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
    images = {key: int(value.sum()) for key, value in counts.items()}
    fixed: dict[SplitName, Counts] = {split: counts[split] for split in kept_splits(images, folds)}
    pool = np.sum([value for key, value in counts.items() if key not in fixed], axis=0)
    return pool, fixed, names
