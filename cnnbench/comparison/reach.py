"""How much of an accuracy's uncertainty is that other images might have been tested."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from cnnbench.comparison.intervals import FEWEST
from cnnbench.comparison.metrics import Measure
from cnnbench.comparison.series import Part, Series, in_order
from cnnbench.comparison.values import Reach
from cnnbench.results.record import Images, Samples

READ = 10
"""Trials whose predictions tell how much images differ: ten replicates make 45 pairs."""


@dataclass(frozen=True, slots=True)
class ImageSpread:
    """How much images differ in the probability of being recognized, by stored predictions.

    read: of how many trials of a series predictions may be read. known: what was found, by folder
    and trials, so that it is found once.
    """

    read: int = READ
    known: MutableMapping[tuple[str, ...], float | None] = field(default_factory=dict)

    def between(self, series: Series, values: Mapping[Part, float]) -> float | None:
        """The variance between images, None where predictions are missing or too few.

        values: the test accuracies that the records tell, by part.
        """
        parts = sorted(values, key=in_order)[: self.read]
        key = (series.folder, *(series.ok[part].trial for part in parts))
        if key not in self.known:
            self.known[key] = _between(series, {part: values[part] for part in parts})
        return self.known[key]


def image_part(
    series: Series, values: Mapping[Part, float], measure: Measure, spread: ImageSpread
) -> tuple[float, Reach]:
    """The variance of the mean that all replicates share as they draw from the same images.

    Known of accuracies alone, where the plan tells how many images there are. 0 where the mean has
    no interval, and with folds, whose corrected interval holds it already, as each image is tested.
    """
    if measure.metric.name != "accuracy" or len(values) < FEWEST or series.diverged:
        return 0.0, Reach.REPLICATES
    if any(fold is not None for _, fold in values):
        return 0.0, Reach.REPLICATES
    drawn = [series.ok[part].samples for part in values]
    different = {id(samples): samples for samples in drawn}.values()  # most records share theirs
    pools = {pool_of(series.images, samples, measure.split) for samples in different}
    pool = pools.pop()
    if pool is None or pools:
        return 0.0, Reach.REPLICATES
    from cnnbench.comparison.inference.image_spread import largest_variance

    between = spread.between(series, values) if measure.split == "test" else None
    if between is None:
        return largest_variance(fmean(values.values())) / pool, Reach.IMAGES_AT_MOST
    return between / pool, Reach.IMAGES


def pool_of(images: Sequence[Images], samples: Samples | None, split: str) -> int | None:
    """How many images of the chosen classes those of a split were drawn from, None if unknown.

    A source with a split of its own has it drawn from that, else from all images but its test
    images.
    """
    if samples is None:
        return None
    for each in images:
        if each.source != samples.source or not set(samples.classes) <= set(each.classes):
            continue
        chosen = [each.classes.index(name) for name in samples.classes]
        counts = {
            name: sum(numbers[index] for index in chosen)
            for name, numbers in each.counts.items()
            if len(numbers) == len(each.classes)
        }
        rest = sum(count for name, count in counts.items() if name != "test" or split == "test")
        pool = counts.get(split) or rest
        return pool if pool >= getattr(samples, split) > 0 else None
    return None


def _between(series: Series, values: Mapping[Part, float]) -> float | None:
    from cnnbench.comparison.inference.image_spread import Tested, variance_between_images
    from cnnbench.results.told import told

    tested: list[Tested] = []
    for part, accuracy in values.items():
        said = told(Path(series.folder), series.ok[part])
        if said is None or abs(said.right.mean() - accuracy) * len(said.rows) > 1:
            return None  # these are not the predictions that the record speaks of
        tested.append((said.rows, said.right))
    return variance_between_images(tested) if tested else None
