"""What trials predicted for their test images, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnbench.report.chapters import NO_DIFFERENCE, Chapter, NothingToDrawError
from cnnbench.report.pictures.canvas import short
from cnnbench.results.told import Told, told


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
        after, before = told(line.folder, ours), told(baseline.folder, theirs)
        if after and before and np.array_equal(after.rows, before.rows):
            pairs.append((after, before))
        else:
            lacking += 1
    if not pairs or len({(x.digest, x.classes) for x in samples}) != 1:
        raise NothingToDrawError(
            f"{chapter.name}: no predictions of the same test {chapter.table.things} can be read "
            f"for {short(line.row.variant)} and {short(baseline.row.variant)}; "
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
