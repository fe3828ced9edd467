"""From selected records to the rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from cnnbench.comparison.intervals import ROUNDING, Estimate, estimate
from cnnbench.comparison.metrics import Measure
from cnnbench.comparison.pairs import Pairs
from cnnbench.comparison.reach import ImageSpread, image_part
from cnnbench.comparison.series import Part, Series
from cnnbench.comparison.values import Reach, Row, SplitSizes
from cnnbench.results.record import Record, Samples, Status


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A row before it is computed.

    label: how notes call it. reference: what it is compared with, None where there is no baseline.
    pairs: with the reference's records, None for the baseline itself and without a reference.
    place: what tells the backend from another of its name, if any.
    """

    label: str
    series: Series
    reference: Series | None
    pairs: Pairs | None
    place: str = ""

    @property
    def is_baseline(self) -> bool:
        """Whether the others are compared with it."""
        return self.series is self.reference

    @property
    def has_difference(self) -> bool:
        """Whether a difference would be between all that were tried, not between survivors."""
        compared = [series for series in (self.series, self.reference) if series]
        end = min((series.look for series in compared if series.look), default=None)
        return not any(
            end is None or record.replicate < end
            for series in compared
            for record in series.diverged
        )

    @property
    def looked_at(self) -> bool:
        """Whether it is time for a verdict: not before the first look that was planned."""
        return 0 not in (self.series.look, self.reference.look if self.reference else None)


def make_row(entry: TableEntry, measure: Measure, spread: ImageSpread) -> Row:
    """Compute a row. spread: tells how much images differ."""
    series = entry.series
    statuses = Counter(record.status for record in series.records.values())
    values = series.values(measure)
    value = _estimate(values, series.ok, measure)
    if value and series.diverged and not measure.metric.constant:
        value = Estimate(value.mean, value.n)
    shared, reach = image_part(series, values, measure, spread)
    if value and value.interval and reach is not Reach.REPLICATES:
        from cnnbench.comparison.inference.image_spread import over_images

        value = replace(value, interval=over_images(value.mean, value.interval, shared))
    seconds = [x.costs.training for x in series.ok.values() if x.costs.training is not None]
    joules = [x.costs.energy for x in series.ok.values() if x.costs.energy is not None]
    sizes = {x.costs.parameters for x in series.records.values()}
    return Row(
        variant=series.variant,
        backend=series.backend,
        folder=series.folder,
        place=entry.place,
        images=_images([x.samples for x in series.ok.values() if x.samples]),
        is_baseline=entry.is_baseline,
        n=len(values),
        planned=None if series.planned is None else len(series.planned),
        missing=len(set(series.planned or ()) - set(series.records)),
        failed=statuses[Status.FAILED],
        timeout=statuses[Status.TIMEOUT],
        unsupported=statuses[Status.UNSUPPORTED],
        value=value,
        difference=_difference(entry, measure),
        training_seconds=median(seconds) if seconds else None,
        parameters=_only({size for size in sizes if size is not None}),
        diverged=len(series.diverged),
        recorded=len(series.records),
        joules=median(joules) if joules else None,
        reach=reach,
    )


def _images(samples: Sequence[Samples]) -> SplitSizes:
    return SplitSizes(
        train=_only({x.train for x in samples}),
        validation=_only({x.validation for x in samples}),
        test=_only({x.test for x in samples}),
    )


def _only(numbers: set[int]) -> int | None:
    return numbers.pop() if len(numbers) == 1 else None


def differences_of(entry: TableEntry, measure: Measure) -> dict[Part, float]:
    """Variant minus reference, by part, of the pairs that both have a value."""
    if entry.pairs is None or entry.reference is None:
        return {}
    ours, theirs = entry.series.values(measure), entry.reference.values(measure)
    found = {
        part: ours[part] - theirs[part]
        for part in entry.pairs.by_part
        if part in ours and part in theirs
    }
    return {part: 0.0 if abs(x) <= ROUNDING else x for part, x in found.items()}


def _difference(entry: TableEntry, measure: Measure) -> Estimate | None:
    if not (entry.has_difference or measure.metric.constant):
        return None
    differences = differences_of(entry, measure)
    return _estimate(differences, {part: entry.series.ok[part] for part in differences}, measure)


def _estimate(
    values: Mapping[Part, float], records: Mapping[Part, Record], measure: Measure
) -> Estimate | None:
    if not values:
        return None
    if measure.metric.constant:
        return Estimate(fmean(values.values()), len(values))
    folds = {fold for _, fold in values if fold is not None}
    if not folds:
        return estimate(list(values.values()))
    return estimate(list(values.values()), test_fraction_of(records))


def resolution_of(records: Iterable[Record], measure: Measure) -> float:
    """The step in which the metric comes, 0 where it has none or no record tells."""
    tested = [getattr(x.samples, measure.split) for x in records if x.samples]
    steps = measure.metric.name == "accuracy" and tested and min(tested) > 0
    return 1 / min(tested) if steps else 0.0


def test_fraction_of(records: Mapping[Part, Record]) -> float:
    """Of the images that were trained on or tested, those that were tested; 0 without folds.

    Validation images count as neither: they may choose the epoch, but no weight is fitted to them,
    and leaving them out of the training images gives the wider interval.
    """
    folds = {fold for _, fold in records if fold is not None}
    if not folds:
        return 0.0
    fractions = [
        x.samples.test / (x.samples.train + x.samples.test)
        for x in records.values()
        if x.samples and x.samples.train and x.samples.test
    ]
    return fmean(fractions) if fractions else 1 / max(len(folds), 2)
