"""A table as words: its heads and cells, the same on a terminal and on a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnnbench.comparison.inference.verdicts import Conclusion
from cnnbench.comparison.metrics import Unit
from cnnbench.comparison.values import Comparison, Row, Table, located, name_of
from cnnbench.data.sources.summary import in_words
from cnnbench.report.quantities import Scale, duration, energy, scale_of

_TRAINING = "training"
_ENERGY = "energy"
_IN_HEAD = {Unit.RATE: "images/s", Unit.NATS: "nats"}
"""Units that would be long or strange behind every value."""


@dataclass(frozen=True, slots=True)
class Column:
    """A head and a cell a row.

    optional: may be left out where there is no room. outcomes: what colours the cells, if anything.
    """

    head: str
    cells: tuple[str, ...]
    numeric: bool = True
    optional: bool = False
    outcomes: tuple[Conclusion | None, ...] = ()

    @property
    def wraps(self) -> bool:
        """Whether a cell may take several lines: names may, numbers and verdicts don't."""
        return not (self.numeric or self.outcomes)


def variant_columns(comparison: Comparison, table: Table) -> tuple[Column, ...]:
    """A row for each variant; columns that may be left out stand last."""
    rows = table.rows
    scale = scale_for(comparison, table)
    return (
        *_names(comparison, rows),
        Column("n", tuple(_count(row) for row in rows)),
        Column(
            _value_head(comparison, table),
            tuple(scale.value(row.value) if row.value else "-" for row in rows),
        ),
        Column(
            _difference_head(comparison, scale),
            tuple(difference_cell(row, scale) for row in rows),
            optional=True,
        ),
        *_verdicts(rows),
        *_others(comparison, table),
        *_costs(comparison, rows),
    )


def scale_for(comparison: Comparison, table: Table) -> Scale:
    """How the table shows its values and differences."""
    scale = scale_of(
        comparison.metric.unit,
        [row.value for row in table.rows if row.value],
        [row.difference for row in table.rows if row.difference],
    )
    return replace(scale, points=_of_things(scale.points, table))


def title_of(comparison: Comparison, table: Table) -> str:
    """The recipe, what it ran on, and its own title."""
    name = name_of(comparison, table)
    return f"{name}: {table.title}" if table.title else name


def _names(comparison: Comparison, rows: Sequence[Row]) -> tuple[Column, ...]:
    if comparison.by == "variant":
        return (Column("variant", tuple(_marked(x.variant, x) for x in rows), numeric=False),)
    return (
        Column("variant", tuple(row.variant for row in rows), numeric=False),
        Column(
            "backend", tuple(_marked(located(x.backend, x.place), x) for x in rows), numeric=False
        ),
    )


def _verdicts(rows: Sequence[Row]) -> tuple[Column, ...]:
    """Pairs won and the word; no columns where nothing is judged."""
    if not any(row.judgement for row in rows):
        return ()
    words = tuple(_verdict(row) for row in rows)
    outcomes = tuple(row.judgement.verdict.outcome if row.judgement else None for row in rows)
    return (
        Column("verdict", words, numeric=False, optional=True, outcomes=outcomes),
        Column("won", tuple(_won(row) for row in rows), optional=True),
    )


def _others(comparison: Comparison, table: Table) -> tuple[Column, ...]:
    """The values of further metrics."""
    place = comparison.tables.index(table)
    found = []
    for other in comparison.also:
        same = other.tables[place]
        scale = scale_for(other, same)
        cells = tuple(scale.value(row.value) if row.value else "-" for row in same.rows)
        head = _value_head(other, same).removeprefix(f"{comparison.split} ")  # it stands there once
        found.append(Column(head, cells, optional=True))
    return tuple(found)


def _verdict(row: Row) -> str:
    if row.judgement:
        return row.judgement.verdict.words
    return "" if row.is_baseline else "-"


def _won(row: Row) -> str:
    return f"{row.judgement.won}/{row.judgement.n}" if row.judgement and row.judgement.n else ""


def _costs(comparison: Comparison, rows: Sequence[Row]) -> tuple[Column, ...]:
    """Beside every other metric stands what it costs; no column stands twice."""
    found = []
    shown = {comparison.metric.name, *(x.metric.name for x in comparison.also)}
    if _TRAINING not in shown:
        seconds = tuple(
            "-" if row.training_seconds is None else duration(row.training_seconds) for row in rows
        )
        found.append(Column("training", seconds, optional=True))
    if "parameters" not in shown:
        sizes = tuple("-" if row.parameters is None else f"{row.parameters:,}" for row in rows)
        found.append(Column("parameters", sizes, optional=True))
    if _ENERGY not in shown and any(row.joules is not None for row in rows):
        spent = tuple("-" if row.joules is None else energy(row.joules) for row in rows)
        found.append(Column(_ENERGY, spent, optional=True))
    return tuple(found)


def _marked(name: str, row: Row) -> str:
    if row.against:
        return f"{name} against {row.against}"
    return f"{name} (baseline)" if row.is_baseline else name


def _count(row: Row) -> str:
    return f"{row.n}/{row.planned}" if row.planned not in {None, row.n} else str(row.n)


def difference_cell(row: Row, scale: Scale) -> str:
    """The difference to the baseline, or why there is none."""
    if row.difference is not None:
        return scale.difference(row.difference)
    if row.diverged and row.judgement is None:
        return f"diverges in {row.diverged} of {row.recorded}"
    return "" if row.is_baseline else "-"


def _value_head(comparison: Comparison, table: Table) -> str:
    metric = comparison.metric
    title = metric.title if metric.cost else f"{comparison.split} {metric.title}"
    head = f"{title}, {_IN_HEAD[metric.unit]}" if metric.unit in _IN_HEAD else title
    return _of_things(head, table)


def _of_things(text: str, table: Table) -> str:
    return in_words(text, signals=table.things == "signals")


def _difference_head(comparison: Comparison, scale: Scale) -> str:
    return f"difference, {scale.points or comparison.metric.title}"  # a count is of its title
