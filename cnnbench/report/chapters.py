"""What pages and pictures are drawn from: each table of a comparison beside its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnbench.comparison.classes import USUAL
from cnnbench.comparison.compare import compare_results, with_metrics
from cnnbench.comparison.curves import IMAGES, NoCurveError
from cnnbench.comparison.intervals import ROUNDING
from cnnbench.comparison.metrics import Measure, find_measure
from cnnbench.comparison.pairs import pair
from cnnbench.comparison.select import select
from cnnbench.comparison.series import Part, Series
from cnnbench.comparison.values import Comparison, Row, Table, name_of
from cnnbench.errors import ComparisonError, did_you_mean
from cnnbench.report.cells import scale_for
from cnnbench.report.quantities import Scale
from cnnbench.results.read import ResultSet, collector_paused, read_results
from cnnbench.results.record import Plan, Record

NO_DIFFERENCE = "no variant has a difference to the baseline"
"""Why there is nothing to be laid beside it: no pair, or trials that diverged."""


class NothingToDrawError(ComparisonError):
    """What a picture would show was not recorded; the message says what is missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A row and its trials.

    folder: of their histories and predictions. pairs: with the baseline's records; empty for the
    baseline itself. differences: of the compared metric, pair by pair.
    """

    row: Row
    series: Series
    folder: Path
    pairs: Mapping[Part, tuple[Record, Record]]
    differences: Mapping[Part, float]

    @property
    def records(self) -> list[Record]:
        """Those of trials that ended well."""
        return list(self.series.ok.values())


@dataclass(frozen=True, slots=True, eq=False)
class Chapter:
    """A table and all that can be drawn of it.

    plan: the study last asked for, None where no plan tells. environments: by the key that records
    name. amounts: the same trials with techniques against the number of training images, None where
    that does not differ.
    """

    comparison: Comparison
    table: Table
    measure: Measure
    lines: tuple[Line, ...]
    plan: Plan | None
    environments: Mapping[str, Mapping[str, Any]]
    amounts: tuple[Comparison, Table] | None = None

    @property
    def name(self) -> str:
        """Unlike any other chapter's."""
        return name_of(self.comparison, self.table)

    @property
    def records(self) -> list[Record]:
        """Those of trials that ended well, row by row."""
        return [record for line in self.lines for record in line.records]

    @property
    def baseline(self) -> Line | None:
        """What the others are compared with, None where it was not recorded."""
        return next((line for line in self.lines if line.row.is_baseline), None)

    @property
    def others(self) -> tuple[Line, ...]:
        """All lines but the baseline's."""
        return tuple(line for line in self.lines if not line.row.is_baseline)

    @property
    def scale(self) -> Scale:
        """How the compared metric is shown."""
        return scale_for(self.comparison, self.table)

    def chosen(self, variant: str | None = None) -> Line | None:
        """The variant of that name, else the one that differs most for the better.

        None where nothing is there to be shown beside the baseline.
        """
        if variant is not None:
            return next((line for line in self.others if line.row.variant == variant), None)
        sign = 1 if self.measure.metric.higher_is_better else -1
        found = [(sign * x.row.difference.mean, x) for x in self.others if x.row.difference]
        return max(found, key=lambda scored: scored[0])[1] if found else None


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """All chapters. across: each variant on several backends, a table a recipe that has them."""

    comparison: Comparison
    chapters: tuple[Chapter, ...]
    across: tuple[tuple[Comparison, Table], ...]


@collector_paused()
def read_book(
    paths: Sequence[Path],
    *,
    baseline: str | None = None,
    metric: str = "accuracy",
    split: str = "test",
) -> Book:
    """Compare what is recorded at or below the paths, and keep the trials beside the rows.

    Raises as `compare_records` does.
    """
    results = read_results(paths)
    shown = () if metric == USUAL else (metric,)
    comparison = with_metrics(results, shown, baseline=baseline, split=split)
    measure = find_measure(metric, split)
    series: dict[tuple[str, str, str, str], Series] = {}
    folders: dict[str, Path] = {}
    plans: dict[str, Plan | None] = {}
    environments: dict[str, Mapping[str, Any]] = {}
    for study in results.studies:
        folders[str(study.place)] = study.folder
        plans[str(study.place)] = study.plan
        environments |= study.environments
        for selection in select(study):
            for each in selection.series:
                key = (selection.recipe, each.backend, each.folder, each.variant)
                series[key] = each
    chapters = []
    curves = _curves(results, baseline, metric, split)
    for table in comparison.tables:
        own = [series[table.recipe, x.backend, x.folder, x.variant] for x in table.rows]
        reference = next((x for x, r in zip(own, table.rows, strict=True) if r.is_baseline), None)
        lines = tuple(
            _line(row, each, reference, folders[each.folder], measure)
            for row, each in zip(table.rows, own, strict=True)
        )
        plan = plans[table.folders[0]]
        amounts = curves.get((table.recipe, table.folders))
        chapters.append(Chapter(comparison, table, measure, lines, plan, environments, amounts))
    by_backend = compare_results(results, metric=metric, by="backend", split=split)
    across = tuple((by_backend, table) for table in by_backend.tables if len(table.backends) > 1)
    return Book(comparison, tuple(chapters), across)


def _curves(
    results: ResultSet, baseline: str | None, metric: str, split: str
) -> dict[tuple[str, tuple[str, ...]], tuple[Comparison, Table]]:
    """The tables of those studies whose variants differ in the number of training images."""
    try:
        found = compare_results(
            results, baseline=baseline, metric=metric, split=split, curve=IMAGES
        )
    except NoCurveError:
        return {}
    return {(table.recipe, table.folders): (found, table) for table in found.tables}


def only_variant(chapters: Sequence[Chapter], variant: str | None) -> None:
    """Refuse the name of a variant that no table has. Raises ComparisonError."""
    known = list(dict.fromkeys(line.row.variant for x in chapters for line in x.others))
    if variant is not None and variant not in known:
        raise ComparisonError(
            f"there is no variant {variant!r} to show beside a baseline here"
            f"{did_you_mean(variant, known, 'variants')}"
        )


def _line(
    row: Row, series: Series, reference: Series | None, folder: Path, measure: Measure
) -> Line:
    if row.is_baseline or reference is None:
        return Line(row, series, folder, {}, {})
    pairs = pair(series, reference).by_part
    differences = {}
    for part, (record, counterpart) in pairs.items():
        ours, theirs = measure.of(record), measure.of(counterpart)
        if ours is not None and theirs is not None:
            differences[part] = 0.0 if abs(ours - theirs) <= ROUNDING else ours - theirs
    return Line(row, series, folder, pairs, differences)
