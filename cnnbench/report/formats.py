"""The formats of `cnnbench compare`: each a function from a comparison to text, but for one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version

from cnnbench.comparison.records import counting_records, flat_records
from cnnbench.comparison.rows import Cell, flat_notes, flat_rows
from cnnbench.comparison.values import Comparison, Ranks, Table
from cnnbench.report.cells import Column, title_of
from cnnbench.report.columns import columns_of
from cnnbench.report.console import comparison_text
from cnnbench.report.latex import latex_text
from cnnbench.report.printable import json_printable, printable
from cnnbench.report.ranks import ranks_answer, ranks_columns, ranks_explanation, ranks_title
from cnnbench.report.sentences import answer_of, explanation_of
from cnnbench.results.read import ResultSet


def csv_text(comparison: Comparison) -> str:
    """One row a variant and backend, raw numbers; an empty cell where there is no value.

    Notes have no place in it; they stand in every other format, and `notes_text` has them.
    """
    return csv_of(list(flat_rows(comparison)))


def records_text(results: ResultSet) -> str:
    """CSV of one row a trial, those that a comparison of the same results goes by."""
    return csv_of(flat_records(counting_records(results)))


def json_text(comparison: Comparison) -> str:
    """Everything the comparison holds, under the names of `cnnbench.comparison.values`."""
    content = {"cnnbench": version("cnnbench"), **asdict(comparison)}
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    return json_printable(text) + "\n"


def notes_text(comparison: Comparison) -> str:
    """A line a note, "" without any, for beside a format that has no place for them."""
    return "".join(f"note: {printable(note)}\n" for note in flat_notes(comparison))


def markdown_text(comparison: Comparison) -> str:
    """A heading, a table, its explanation and its notes for each recipe."""
    parts = ["\n".join(_markdown_lines(comparison, table)) for table in comparison.tables]
    parts += ["\n".join(_ranks_lines(comparison, ranks)) for ranks in comparison.ranks]
    if comparison.notes:
        parts.append("\n".join(f"- {_escaped(note)}" for note in comparison.notes))
    return "\n\n".join(parts) + "\n"


FORMATS: dict[str, Callable[[Comparison], str]] = {
    "table": comparison_text,
    "csv": csv_text,
    "markdown": markdown_text,
    "json": json_text,
    "latex": latex_text,
}
"""By the name that --format takes; plugins add others."""

RECORDS_FORMAT = "records"
"""The one format that is not of a comparison, but of the trials behind it."""

PARQUET_FORMAT = "parquet"
"""The one format that is no text: `cnnbench.report.parquet`."""

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with in a spreadsheet, in full width too."""


def csv_of(rows: Sequence[Mapping[str, Cell]]) -> str:
    """Rows with equal columns as text that a spreadsheet takes for no formula."""
    safe = [{csv_cell(key): csv_cell(value) for key, value in row.items()} for row in rows]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(safe[0]) if safe else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(safe)
    return text.getvalue()


def _markdown_lines(comparison: Comparison, table: Table) -> Iterator[str]:
    columns = columns_of(comparison, table)
    yield f"### {_escaped(title_of(comparison, table))}"
    yield ""
    if table.images:
        yield _escaped(table.images)
        yield ""
    if answer := answer_of(comparison, table):
        yield _escaped(answer)
        yield ""
    yield from _markdown_table(columns)
    yield ""
    yield explanation_of(comparison, table)
    if table.notes:
        yield ""
        yield from (f"- {_escaped(note)}" for note in table.notes)


def _ranks_lines(comparison: Comparison, ranks: Ranks) -> Iterator[str]:
    yield f"### {_escaped(ranks_title(ranks))}"
    yield ""
    yield _escaped(ranks_answer(ranks))
    yield ""
    yield from _markdown_table(ranks_columns(comparison, ranks))
    yield ""
    yield ranks_explanation(comparison, ranks)
    if ranks.notes:
        yield ""
        yield from (f"- {_escaped(note)}" for note in ranks.notes)


def _markdown_table(columns: Sequence[Column]) -> Iterator[str]:
    yield _markdown_row(_escaped(column.head) for column in columns)
    yield _markdown_row("---:" if column.numeric else "---" for column in columns)
    for cells in zip(*(column.cells for column in columns), strict=True):
        yield _markdown_row(_escaped(cell) for cell in cells)


def _markdown_row(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Names come from recipes: no character of theirs is markup, or a command to a terminal."""
    text = " ".join(printable(text).splitlines())
    for character in "\\|*`<":
        text = text.replace(character, f"\\{character}")
    return text.replace("](", "]\\(")


def csv_cell(value: Cell) -> str | int | float | None:
    """A name that a spreadsheet would take for a formula gets an apostrophe, which makes it text.

    cnnbench itself takes no such names for variants; records of others may hold some.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return value
    text = printable(value)
    is_formula = text.startswith("\t") or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if is_formula else text
