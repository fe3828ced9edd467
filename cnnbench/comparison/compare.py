"""Compare recorded variants with a baseline, or backends with each other, pair by pair."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import get_args

from cnnbench.comparison.classes import USUAL, usual_metrics
from cnnbench.comparison.curves import curve_tables
from cnnbench.comparison.making import make_entry, make_table
from cnnbench.comparison.metrics import Measure, find_measure
from cnnbench.comparison.pairs import pair, pair_backends
from cnnbench.comparison.places import with_places
from cnnbench.comparison.ranks import ranks_over
from cnnbench.comparison.select import Selection, select, sparing
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
    if by not in get_args(By):
        ways = list(get_args(By))
        raise ComparisonError(f"there is no comparison by {by!r}{did_you_mean(by, ways, 'ways')}")
    if all_pairs and (by != "variant" or baseline is not None):
        raise ComparisonError(
            "all pairs are those of the variants of a recipe, without a baseline: leave out "
            + ("--baseline" if baseline is not None else f"--by {by}")
        )
    if curve is not None and (by != "variant" or all_pairs):
        raise ComparisonError(
            "a curve compares techniques at equal amounts: leave out "
            + ("--all-pairs" if all_pairs else f"--by {by}")
        )
    measure = find_measure(metric, split)
    selections = sparing(with_places([x for study in results.studies for x in select(study)]))
    if curve is not None:
        tables, others = curve_tables(selections, curve, baseline, measure)
        return Comparison(measure.metric, split, by, tables, (*results.problems, *others))
    if by == "variant":
        names = [series.variant for selection in selections for series in selection.series]
    else:
        names = [selection.backend for selection in selections]
    if baseline is not None and baseline not in names:
        known = list(dict.fromkeys(names))
        rest = did_you_mean(baseline, known, f"{by}s")
        raise ComparisonError(f"there is no {by} {baseline!r} here{rest}")
    if all_pairs:
        tables = tuple(_pairs_table(selection, measure) for selection in selections)
    else:
        make = _variant_tables if by == "variant" else _backend_tables
        tables = make(selections, baseline, measure)
    LOGGER.info("%d tables of %s by %s", len(tables), metric, by)
    if by == "backend" or all_pairs:
        return Comparison(measure.metric, split, by, tables, results.problems)
    ranks, reasons = ranks_over(selections, tables, measure, asked=results.asked > 1)
    notes = (*results.problems, *reasons)
    return Comparison(measure.metric, split, by, tables, notes, ranks=ranks)


def _variant_tables(
    selections: Sequence[Selection], wanted: str | None, measure: Measure
) -> tuple[Table, ...]:
    tables = []
    for selection in selections:
        by_name = {series.variant: series for series in selection.series}
        baseline = wanted if wanted in by_name else selection.baseline
        notes = list(selection.notes)
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
    notes = list(selection.notes)
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
    first, *others = (
        compare_results(
            results,
            baseline=baseline,
            metric=metric,
            by=by,
            split=split,
            all_pairs=all_pairs,
            curve=curve,
        )
        for metric in dict.fromkeys(metrics)
    )
    return replace(first, also=tuple(others))


def _backend_tables(
    selections: Sequence[Selection], wanted: str | None, measure: Measure
) -> tuple[Table, ...]:
    recipes: dict[str, list[Selection]] = {}
    for selection in selections:
        recipes.setdefault(selection.recipe, []).append(selection)
    return tuple(_backend_table(group, wanted, measure) for group in recipes.values())


def _backend_table(selections: Sequence[Selection], wanted: str | None, measure: Measure) -> Table:
    """Rows by variant, below each its backends, the baseline first."""
    told = _told_apart(selections)
    notes = [f"{x.name}: {note}" for x in told for note in x.notes]
    first = next((i for i, x in enumerate(told) if x.backend == wanted), 0)
    baseline = told[first]
    if wanted is not None and baseline.backend != wanted:
        notes.append(f"no records on {wanted}; the others are compared with {baseline.name}")
    if len(told) == 1:
        notes.append(f"recorded on {baseline.name} only, so there is nothing to compare it with")
    ordered = [baseline, *told[:first], *told[first + 1 :]]
    entries = []
    for variant in dict.fromkeys(series.variant for x in ordered for series in x.series):
        reference = next((x for x in baseline.series if x.variant == variant), None)
        entries += [
            make_entry(series, reference, f"{variant} on {x.name}", pair_backends, x.place)
            for x in ordered
            for series in x.series
            if series.variant == variant
        ]
    places = {x.place for x in selections}
    place = places.pop() if len(places) == 1 else ""
    return make_table(ordered, baseline.name, entries, notes, measure=measure, place=place)


def _told_apart(selections: Sequence[Selection]) -> list[Selection]:
    """The same backend in two folders is two backends; others need no place."""
    counts = Counter(selection.backend for selection in selections)
    return [
        replace(x, place=(x.place or x.folder) if counts[x.backend] > 1 else "") for x in selections
    ]
