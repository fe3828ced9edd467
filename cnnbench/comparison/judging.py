"""The rows of a table, judged together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from cnnbench.comparison.inference.judge import Differences, Judgement, judge
from cnnbench.comparison.inference.power import found_by
from cnnbench.comparison.inference.schedule import LookSchedule
from cnnbench.comparison.inference.verdicts import Margin, margin_of_fractions
from cnnbench.comparison.intervals import Estimate
from cnnbench.comparison.metrics import Measure, Unit
from cnnbench.comparison.series import in_order
from cnnbench.comparison.tables import (
    TableEntry,
    differences_of,
    resolution_of,
    test_fraction_of,
)
from cnnbench.comparison.values import Row

_MORE = (5, 10, 20, 30)
"""Replicates to think about."""


def margin_for(measure: Measure, fraction: float) -> Margin | None:
    """The margin of a study for a metric; one declared in points says nothing of seconds."""
    metric = measure.metric
    fits = metric.unit is Unit.FRACTION and not metric.cost and fraction > 0
    return margin_of_fractions(fraction) if fits else None


def judged(
    entries: Sequence[TableEntry],
    rows: Sequence[Row],
    measure: Measure,
    margin: Margin | None,
    schedule: LookSchedule,
) -> tuple[Row, ...]:
    """The same rows with their judgements, and with these' intervals for those of differences."""
    if measure.metric.constant:
        return tuple(rows)
    family = {
        str(i): differences_for(entry, measure)
        for i, (entry, row) in enumerate(zip(entries, rows, strict=True))
        if row.difference or (row.diverged and not row.is_baseline)
    }
    found = judge(
        family,
        schedule=schedule,
        margin=margin,
        higher_is_better=measure.metric.higher_is_better,
    )
    return tuple(_with(row, found.get(str(i))) for i, row in enumerate(rows))


def finds(rows: Sequence[Row]) -> tuple[tuple[int, float], ...]:
    """How large a true difference this many replicates find, from the spread of the middle row.

    Nothing of folds: more replicates of them share the same images.
    """
    samples = [row.judgement.sample for row in rows if row.judgement and row.judgement.sample]
    if not samples or any(sample.overlap for sample in samples):
        return ()
    most = max(sample.n for sample in samples)
    middle = median(sample.spread for sample in samples)
    counts = (most, *(n for n in _MORE if n > most))
    return tuple((n, found_by(n, replace(samples[0], spread=middle))) for n in counts)


def differences_for(entry: TableEntry, measure: Measure) -> Differences:
    """The differences of an entry as they are judged; none between survivors or before a look."""
    values = differences_of(entry, measure) if entry.has_difference and entry.looked_at else {}
    records = {part: entry.series.ok[part] for part in values}
    return Differences(
        tuple(values[part] for part in sorted(values, key=in_order)),
        planned=len(entry.series.records),
        diverged=len(entry.series.diverged),
        test_fraction=test_fraction_of(records),
        resolution=resolution_of(records.values(), measure),
    )


def _with(row: Row, judgement: Judgement | None) -> Row:
    if judgement is None or row.difference is None:
        return replace(row, judgement=judgement)
    difference = replace(row.difference, interval=judgement.interval)
    if sample := judgement.sample:
        difference = Estimate(sample.mean, sample.n, judgement.interval)
    return replace(row, judgement=judgement, difference=difference)
