"""A comparison on a terminal: fit for a slide at 100 columns, whole at 80, readable below."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from itertools import takewhile
from textwrap import wrap

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from cnnbench.comparison.inference.verdicts import Conclusion
from cnnbench.comparison.values import Comparison, Ranks, Table
from cnnbench.report.cells import Column, scale_for, title_of
from cnnbench.report.columns import columns_of
from cnnbench.report.printable import printable
from cnnbench.report.ranks import ranks_answer, ranks_columns, ranks_explanation, ranks_title
from cnnbench.report.sentences import answer_of, explanation_of
from cnnbench.report.text_forest import forest_column, with_forest

WIDTH = 100
"""Characters a line, where no terminal sets another limit."""
_GAP = 2
_NO_BREAK = "\u00a0"
_NARROWEST_NAME = 12
_STYLES = {
    Conclusion.BETTER: "bold green",
    Conclusion.SLIGHTLY_BETTER: "green",
    Conclusion.WORSE: "bold red",
    Conclusion.SLIGHTLY_WORSE: "red",
    Conclusion.DIVERGES: "bold red",
    Conclusion.SAME: "cyan",
    Conclusion.MAYBE_BETTER: "yellow",
    Conclusion.MAYBE_WORSE: "yellow",
}
"""Of verdicts, which say the same in words."""


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print every table with its explanation and notes."""
    if console.is_terminal:
        _print(comparison, console)
        return
    # A pipe has no width of its own, but its reader may have said one.
    width = console.width if os.environ.get("COLUMNS", "").isdecimal() else WIDTH
    text = _encodable(comparison_text(comparison, width), console)
    console.print(text, end="", markup=False, highlight=False, soft_wrap=True)


def comparison_text(comparison: Comparison, width: int = WIDTH) -> str:
    """The tables as plain text of so many columns."""
    file = io.StringIO()
    _print(comparison, Console(file=file, width=width, color_system=None, legacy_windows=False))
    return file.getvalue()


def _print(comparison: Comparison, console: Console) -> None:
    for number, table in enumerate(comparison.tables):
        if number:
            console.print()
        _print_table(comparison, table, console)
    for ranks in comparison.ranks:
        console.print()
        _print_ranks(comparison, ranks, console)
    if comparison.notes:
        console.print()
        _print_notes(comparison.notes, console)


def _print_table(comparison: Comparison, table: Table, console: Console) -> None:
    _print_wrapped(title_of(comparison, table), console, style="bold")
    if table.images:
        _print_wrapped(table.images, console, style="dim")
    if answer := answer_of(comparison, table):
        _print_wrapped(answer, console)
    console.print()
    columns = columns_of(comparison, table)
    shown = _that_fit(columns, console.width)
    drawn = _with_forest(comparison, table, shown, console) if shown == columns else shown
    _print_columns(drawn, console)
    _print_wrapped(explanation_of(comparison, table), console, style="dim")
    _print_notes([*table.notes, *_left_out(columns, shown)], console)


def _print_ranks(comparison: Comparison, ranks: Ranks, console: Console) -> None:
    _print_wrapped(ranks_title(ranks), console, style="bold")
    _print_wrapped(ranks_answer(ranks), console)
    console.print()
    columns = ranks_columns(comparison, ranks)
    shown = _that_fit(columns, console.width)
    _print_columns(shown, console)
    _print_wrapped(ranks_explanation(comparison, ranks), console, style="dim")
    _print_notes([*ranks.notes, *_left_out(columns, shown)], console)


def _print_columns(columns: Sequence[Column], console: Console) -> None:
    """Names first, which may wrap; all that may not is one column, as each takes rich its time."""
    names = list(takewhile(lambda column: column.wraps, columns))
    ascii_only = console.options.ascii_only
    texts = [_aligned(column, ascii_only=ascii_only) for column in columns]
    rest = [Text(" " * _GAP).join(line) for line in zip(*texts[len(names) :], strict=True)]
    rich_table = RichTable(box=None, header_style="bold", pad_edge=False)
    for head, *_ in texts[: len(names)]:
        rich_table.add_column(head, overflow="fold")
    if rest:
        rich_table.add_column(rest[0], no_wrap=True, overflow="fold")
    for number in range(1, len(texts[0])):
        cells = [text[number] for text in texts[: len(names)]]
        rich_table.add_row(*cells, *rest[number : number + 1])
    console.print(rich_table)
    console.print()


def _aligned(column: Column, *, ascii_only: bool) -> list[Text]:
    """Head and cells, as wide as the widest of them unless they may wrap."""
    texts = [_encoded(text, ascii_only=ascii_only) for text in (column.head, *column.cells)]
    width = 0 if column.wraps else max(map(cell_len, texts))
    outcomes = (None, *(column.outcomes or [None] * len(column.cells)))
    found = []
    for text, outcome in zip(texts, outcomes, strict=True):
        room = " " * (width - cell_len(text))
        left, right = (room, "") if column.numeric else ("", room)
        style = _STYLES.get(outcome, "") if outcome else ""
        found.append(Text.assemble(left, (text, style), right))
    return found


def _left_out(columns: Sequence[Column], shown: Sequence[Column]) -> list[str]:
    heads = [column.head.split(",")[0] for column in columns if column not in shown]
    return [f"no room at this width for {', '.join(heads)}"] if heads else []


def _with_forest(
    comparison: Comparison, table: Table, columns: tuple[Column, ...], console: Console
) -> tuple[Column, ...]:
    """With the differences drawn beside them, on terminals that have room beyond the others."""
    if not console.is_terminal:
        return columns
    scale = scale_for(comparison, table)
    forest = forest_column(table, scale, ascii_only=console.options.ascii_only)
    drawn = with_forest(columns, forest, "difference")
    room = sum(map(_longest, drawn)) + _GAP * (len(drawn) - 1) <= console.width
    return drawn if room else columns


def _longest(column: Column) -> int:
    return max(map(len, (column.head, *column.cells)))


def _print_notes(notes: Sequence[str], console: Console) -> None:
    for note in notes:
        _print_wrapped(f"note: {note}", console, indent="      ")


def _print_wrapped(text: str, console: Console, *, indent: str = "", style: str = "") -> None:
    glued = _encodable(text, console).replace(" %", f"{_NO_BREAK}%")
    lines = wrap(glued, _width(console), subsequent_indent=indent, break_long_words=False)
    for line in lines:
        console.print(Text(line.replace(_NO_BREAK, " "), style=style), soft_wrap=True)


def _that_fit(columns: tuple[Column, ...], width: int) -> tuple[Column, ...]:
    """Without the optional columns, last first, that would squeeze the others; names may wrap."""
    shown = list(columns)
    while shown[-1].optional and sum(map(_least_width, shown)) + _GAP * (len(shown) - 1) > width:
        shown.pop()
    return tuple(shown)


def _least_width(column: Column) -> int:
    return min(_longest(column), _NARROWEST_NAME) if column.wraps else _longest(column)


def _width(console: Console) -> int:
    return min(console.width, WIDTH)


def _encodable(text: str, console: Console) -> str:
    return _encoded(text, ascii_only=console.options.ascii_only)


def _encoded(text: str, *, ascii_only: bool) -> str:
    """For terminals without Unicode, and safe for all."""
    text = printable(text)
    return text.replace("±", "+-") if ascii_only else text
