"""The table of `cnnbench check`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

Row = TypeVar("Row", bound="CheckRow")
STYLES = {"passed": "green", "failed": "bold red", "unsupported": "yellow"}


class CheckRow(Protocol):
    """A finding, as the table needs it."""

    @property
    def name(self) -> str:
        """Of the check."""

    @property
    def about(self) -> str:
        """The property that was checked."""

    @property
    def verdict(self) -> str:
        """One of passed, failed, unsupported."""

    @property
    def reason(self) -> str:
        """A sentence, "" if it passed."""

    @property
    def seconds(self) -> float:
        """Taken by the check."""

    @property
    def traceback(self) -> str:
        """Where the backend raised, "" if it did not."""


def collect_findings(console: Console, rows: Iterable[Row], total: int) -> tuple[Row, ...]:
    """All the rows, with the check under way shown while a person watches."""
    found: list[Row] = []
    with console.status(f"check 1 of {total}") as status:
        for row in rows:
            found.append(row)
            status.update(f"check {min(len(found) + 1, total)} of {total}")
    return tuple(found)


def print_findings(
    console: Console,
    rows: Sequence[CheckRow],
    unchecked: Sequence[str] = (),
    *,
    tracebacks: bool = False,
) -> None:
    """A line a check with its reason, and below the counts, and the subjects left unchecked."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("check", no_wrap=True)
    table.add_column("result", no_wrap=True)
    table.add_column("seconds", justify="right")
    table.add_column("property, or why not", overflow="fold")
    for row in rows:
        result = Text(row.verdict, style=STYLES[row.verdict])
        table.add_row(Text(row.name), result, f"{row.seconds:.2f}", _told(row))
    console.print(table)
    for row in rows if tracebacks else ():
        if row.traceback:
            console.print(f"\n{row.name}:\n{row.traceback.rstrip()}", markup=False, highlight=False)
    console.print(f"\n{summarize_findings(rows)}", highlight=False)
    if unchecked:
        console.print(
            f"Not checked at all: {', '.join(unchecked)}. Every check of these needs something "
            "that the backend declares as missing.",
            highlight=False,
            soft_wrap=True,
        )


def _told(row: CheckRow) -> Text:
    return Text(row.reason) if row.reason else Text(row.about, style="dim")


def summarize_findings(rows: Sequence[CheckRow]) -> str:
    """The counts in a sentence."""
    counts = Counter(str(row.verdict) for row in rows)
    words = {"passed": "passed", "failed": "failed", "unsupported": "declared unsupported"}
    parts = [f"{counts[verdict]} {word}" for verdict, word in words.items() if counts[verdict]]
    seconds = sum(row.seconds for row in rows)
    return f"{', '.join(parts) or 'no checks'} in {seconds:.1f} s"
