"""Compare recorded variants with a baseline, or backends with each other, pair by pair."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import get_args

from cnnbench.comparison.by_backend import backend_tables
from cnnbench.comparison.classes import USUAL, usual_metrics
from cnnbench.comparison.curves import curve_tables
from cnnbench.comparison.making import make_entry, make_table
from cnnbench.comparison.metrics import Measure, find_measure
from cnnbench.comparison.pairs import pair
from cnnbench.comparison.places import selected
from cnnbench.comparison.ranks import ranks_over
from cnnbench.comparison.select import Selection
from cnnbench.comparison.values import By, Comparison, Table
from cnnbench.errors import ComparisonError, did_you_mean
from cnnbench.results.read import ResultSet, collector_paused, read_results

LOGGER = logging.getLogger(__name__)


@collector_paused()
def compare_records(
    paths: Sequence[Path],
    *,
    baseline: str | None = None,
    metric: str = "accuracy",
    by: By = "variant",
    split: str = "test",
    all_pairs: bool = False,
    curve: str | None = None,
) -> Comparison:
    """Compare what is recorded at or below the paths.

    by: "variant" makes a table for each recipe and backend, against the baseline variant (by
    default the recipe's own), or with all_pairs every variant with every other, corrected for as
    many comparisons; "backend" a table for each recipe, where each variant is compared
    with itself on the baseline backend (by default the first found). metric: a name in
    `cnnbench.comparison.metrics`. curve: a key of the recipe that is a number, such as data.train;
    variants are laid out by it and compared at equal numbers. Raises ResultsError if there are no
    records, ComparisonError if a name is unknown.
    """
    results = read_results(paths)
    return compare_results(
        results,
        baseline=baseline,
        metric=metric,
        by=by,
        split=split,
        all_pairs=all_pairs,
        curve=curve,
    )


@collector_paused()
def compare_results(
    results: ResultSet,
    *,
    baseline: str | None = None,
    metric: str = "accuracy",
    by: By = "variant",
    split: str = "test",
    all_pairs: bool = False,
    curve: str | None = None,
) -> Comparison:
    """`compare_records` of what has been read already."""
    (comparison,) = _comparisons(results, (metric,), split, _Asked(baseline, by, all_pairs, curve))
    return comparison


@dataclass(frozen=True, slots=True)
class _Asked:
    """How to compare, as `compare_records` says. Raises ComparisonError."""

    baseline: str | None
    by: By
    all_pairs: bool
    curve: str | None

    def __post_init__(self) -> None:
        by, baseline = self.by, self.baseline
        if by not in get_args(By):
            ways = list(get_args(By))
            raise ComparisonError(
                f"there is no comparison by {by!r}{did_you_mean(by, ways, 'ways')}"
            )
        if self.all_pairs and (by != "variant" or baseline is not None):
            raise ComparisonError(
                "all pairs are those of the variants of a recipe, without a baseline: leave out "
                + ("--baseline" if baseline is not None else f"--by {by}")
            )
        if self.curve is not None and (by != "variant" or self.all_pairs):
            raise ComparisonError(
                "a curve compares techniques at equal amounts: leave out "
                + ("--all-pairs" if self.all_pairs else f"--by {by}")
            )


def _comparisons(
    results: ResultSet, metrics: Iterable[str], split: str, asked: _Asked
) -> list[Comparison]:
    """A comparison by each of the metrics, of records that are selected once."""
    measures = [find_measure(metric, split) for metric in metrics]
    selections = selected(results)
    if asked.curve is None and asked.baseline is not None:
        _check_baseline(asked.baseline, selections, asked.by)
    return [_compared(results, selections, measure, asked) for measure in measures]


def _check_baseline(baseline: str, selections: Sequence[Selection], by: By) -> None:
    if by == "variant":
        names = [series.variant for selection in selections for series in selection.series]
    else:
        names = [selection.backend for selection in selections]
    if baseline not in names:
        known = list(dict.fromkeys(names))
        rest = did_you_mean(baseline, known, f"{by}s")
        raise ComparisonError(f"there is no {by} {baseline!r} here{rest}")


def _compared(
    results: ResultSet, selections: Sequence[Selection], measure: Measure, asked: _Asked
) -> Comparison:
    metric, split, by, baseline = measure.metric, measure.split, asked.by, asked.baseline
    if asked.curve is not None:
        tables, others = curve_tables(selections, asked.curve, baseline, measure)
        return Comparison(metric, split, by, tables, (*results.problems, *others))
    if asked.all_pairs:
        tables = tuple(_pairs_table(selection, measure) for selection in selections)
    else:
        make = _variant_tables if by == "variant" else backend_tables
        tables = make(selections, baseline, measure)
    LOGGER.info("%d tables of %s by %s", len(tables), metric.name, by)
    if by == "backend" or asked.all_pairs:
        return Comparison(metric, split, by, tables, results.problems)
    ranks, reasons = ranks_over(selections, tables, measure, asked=results.asked > 1)
    notes = (*results.problems, *reasons)
    return Comparison(metric, split, by, tables, notes, ranks=ranks)


def _variant_tables(
    selections: Sequence[Selection], wanted: str | None, measure: Measure
) -> tuple[Table, ...]:
    tables = []
    for selection in selections:
        by_name = {series.variant: series for series in selection.series}
        baseline = wanted if wanted in by_name else selection.baseline
        notes = selection.notes_for(measure, baseline)
        if wanted is not None and baseline != wanted:
            notes.append(f"no variant {wanted} in this recipe; its own baseline is used instead")
        reference = by_name.get(baseline)
        entries = [
            make_entry(series, reference, series.variant, pair) for series in selection.series
        ]
        tables.append(
            make_table(
                [selection], baseline, entries, notes, measure=measure, place=selection.place
            )
        )
    return tuple(tables)


def _pairs_table(selection: Selection, measure: Measure) -> Table:
    """A row for each two variants: the later one in the recipe against the earlier one."""
    entries = [
        make_entry(series, reference, f"{series.variant} against {reference.variant}", pair)
        for reference, series in combinations(selection.series, 2)
    ]
    notes = selection.notes_for(measure, None)
    if not entries:
        notes.append("there is one variant only, so there is nothing to compare it with")
        entries = [make_entry(x, x, x.variant, pair) for x in selection.series]
    table = make_table(
        [selection], selection.baseline, entries, notes, measure=measure, place=selection.place
    )
    rows = [
        replace(row, against=entry.reference.variant) if entry.pairs and entry.reference else row
        for row, entry in zip(table.rows, entries, strict=True)
    ]
    return replace(table, rows=tuple(rows))


@collector_paused()
def with_metrics(
    results: ResultSet,
    metrics: Sequence[str],
    *,
    baseline: str | None = None,
    by: By = "variant",
    split: str = "test",
    all_pairs: bool = False,
    curve: str | None = None,
) -> Comparison:
    """`compare_results` by the first metric, beside it the values of the others.

    metrics: without any accuracy, and what counts every class alike where classes are uneven.
    Raises ComparisonError as that does, and for a curve by several.
    """
    if not metrics:
        metrics = (USUAL,) if curve is not None else usual_metrics(results.records, split)
    if curve is not None and len(dict.fromkeys(metrics)) > 1:
        raise ComparisonError("a curve is of one metric: give --metric once")
    asked = _Asked(baseline, by, all_pairs, curve)
    first, *others = _comparisons(results, dict.fromkeys(metrics), split, asked)
    return replace(first, also=tuple(others))
