"""The differences of a table drawn with characters: a line a row, on one axis."""

from __future__ import annotations

from collections.abc import Sequence

from cnnbench.comparison.intervals import Estimate
from cnnbench.comparison.values import Table
from cnnbench.report.cells import Column
from cnnbench.report.quantities import Scale

CELLS = 27
"""Characters of the axis."""


def forest_column(table: Table, scale: Scale, *, ascii_only: bool = False) -> Column | None:
    """Interval and mean of each difference, zero marked; None where no row has an interval.

    The head gives the ends of the axis, in the unit of the differences.
    """
    intervals = [x.difference.interval for x in table.rows if x.difference]
    ends = [end for each in intervals if each for end in (each.low, each.high)]
    if not ends:
        return None
    low, high = min(0.0, *ends), max(0.0, *ends)
    if low == high:
        return None
    marks = tuple("|-o:+" if ascii_only else "│─●┊┼")
    lines = (_line(row.difference, low, high, marks) for row in table.rows)
    head = f"{low * scale.factor:+,.{scale.difference_decimals}f}"
    tail = f"{high * scale.factor:+,.{scale.difference_decimals}f}"
    outcomes = tuple(row.judgement.verdict.outcome if row.judgement else None for row in table.rows)
    title = f"{head}{tail:>{CELLS - len(head)}}"
    return Column(title, tuple(lines), numeric=False, optional=True, outcomes=outcomes)


def _line(difference: Estimate | None, low: float, high: float, marks: Sequence[str]) -> str:
    """marks: of the ends, the interval, the mean, zero, and zero within the interval."""
    end, stroke, mean, zero, crossed = marks

    def place(number: float) -> int:
        return round((number - low) / (high - low) * (CELLS - 1))

    cells = [" "] * CELLS
    cells[place(0)] = zero
    if difference is not None and difference.interval is not None:
        first, last = place(difference.interval.low), place(difference.interval.high)
        cells[first : last + 1] = stroke * (last + 1 - first)
        if first < place(0) < last:
            cells[place(0)] = crossed
        cells[first] = cells[last] = end
    if difference is not None and low <= difference.mean <= high:
        cells[place(difference.mean)] = mean
    return "".join(cells)


def with_forest(
    columns: Sequence[Column], forest: Column | None, beside: str
) -> tuple[Column, ...]:
    """The columns with the forest behind the one whose head begins with `beside`."""
    if forest is None:
        return tuple(columns)
    place = next((i for i, x in enumerate(columns) if x.head.startswith(beside)), len(columns) - 1)
    return (*columns[: place + 1], forest, *columns[place + 1 :])
