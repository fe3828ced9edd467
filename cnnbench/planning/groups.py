"""Whether splits of whole groups can be drawn, and how near they come to what is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnbench.data.sources.cache import CachedImages
from cnnbench.data.sources.source import SplitName
from cnnbench.data.splits.draw import Split, split_rows
from cnnbench.data.splits.feasibility import facts_of, split_sizes
from cnnbench.data.splits.selection import select_classes
from cnnbench.recipe.configuration import Configuration
from cnnbench.trials.trial import derive_seed

MOST_REPLICATES = 100
"""Of these at most the splits are drawn beforehand."""
NEAR = 0.1
"""A split is about as large as asked for where it differs by this fraction at most."""
SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")


def group_notes(
    cached: CachedImages, configuration: Configuration, seed: int, replicates: int
) -> Iterator[str]:
    """A sentence on splits that whole groups make larger or smaller than asked for.

    seed, replicates: of the recipe. Nothing where images are in no groups. Raises DataError where
    the splits of a replicate can't be drawn.
    """
    if cached.groups is None:
        return
    data, folds = configuration.data, configuration.evaluation.folds
    chosen = select_classes(cached, data.classes)
    drawn = [
        split_rows(
            chosen.labels,
            chosen.fixed,
            data,
            seed=derive_seed(seed, replicate, None, "split"),
            fold=fold,
            folds=folds,
            classes=chosen.classes,
            groups=chosen.groups,
        )
        for replicate in range(min(replicates, MOST_REPLICATES))
        for fold in ([*range(folds)] or [None])
    ]
    asked = split_sizes(facts_of(chosen), data, folds)
    parts = [text for name in SPLITS if (text := _size(name, asked[name], drawn))]
    if parts:
        yield f"Groups of images stay whole, so that splits hold {', '.join(parts)}."


def _size(name: str, asked: int | Sequence[int], drawn: Sequence[Split]) -> str:
    """How many images a split holds; "" where that is about what is asked for."""
    wanted = [asked] if isinstance(asked, int) else [*asked]
    sizes = [len(getattr(split, name)) for split in drawn]
    low, high = min(sizes), max(sizes)
    slack = max(1.0, NEAR * max(wanted))
    if low >= min(wanted) - slack and high <= max(wanted) + slack:
        return ""
    held = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    meant = f"{min(wanted):,}" if min(wanted) == max(wanted) else f"about {max(wanted):,}"
    return f"{held} images for {name} (asked for: {meant})"
