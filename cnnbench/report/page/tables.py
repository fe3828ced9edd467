"""The table of a chapter, with what its rows are sorted by."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cnnbench.comparison.values import Comparison, Table
from cnnbench.report.cells import Column
from cnnbench.report.columns import columns_of

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_PART_OF_TIME = re.compile(r"([\d.,]+) (ms|s|min|h)\b")
_NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is read.

    order: what it is sorted by, None if by its text or not at all. tone: good, bad or "".
    """

    text: str
    order: float | None
    numeric: bool
    tone: str


@dataclass(frozen=True, slots=True)
class HtmlTable:
    """Heads and rows. baselines: whether a row is one, row by row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    baselines: tuple[bool, ...]


def table_of(comparison: Comparison, table: Table) -> HtmlTable:
    """The same cells as on a terminal."""
    columns = columns_of(comparison, table)
    return html_table(columns, tuple(row.is_baseline for row in table.rows))


def html_table(columns: tuple[Column, ...], baselines: tuple[bool, ...]) -> HtmlTable:
    """Those columns, row by row."""
    rows = tuple(
        tuple(
            Cell(
                column.cells[number],
                order_of(column.cells[number]) if column.numeric else None,
                column.numeric,
                _tone(column, number),
            )
            for column in columns
        )
        for number in range(len(columns[0].cells))
    )
    return HtmlTable(columns, rows, baselines)


def _tone(column: Column, number: int) -> str:
    outcome = column.outcomes[number] if column.outcomes else None
    return "" if outcome is None else "good" if outcome.helps else "bad" if outcome.hurts else ""


def order_of(text: str) -> float | None:
    """The number that a cell begins with; times in seconds. None if it has none."""
    if times := _PART_OF_TIME.findall(text):
        return sum(float(number.replace(",", "")) * _SECONDS[unit] for number, unit in times)
    found = _NUMBER.match(text)
    return float(found[0].replace(",", "")) if found else None
