"""What `cnnbench predict` says: a table for people, or CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnbench.comparison.rows import Cell
from cnnbench.report.formats import csv_of
from cnnbench.report.printable import printable
from cnnbench.report.run import plural
from cnnbench.winner.files import Decoded


@dataclass(frozen=True, slots=True)
class Prediction:
    """Of one image or signal. path: its file, row: which one of it, from 1, where there are more.

    probabilities: of all classes, None where it could not be read for `reason`.
    """

    path: Path
    probabilities: NDArray[np.float32] | None
    reason: str = ""
    row: int | None = None

    @property
    def name(self) -> str:
        """The path as text that any terminal and file can hold, though its bytes be no UTF-8."""
        name = printable(str(self.path).encode(errors="backslashreplace").decode())
        return name if self.row is None else f"{name}:{self.row}"


def predictions_of(files: Decoded, probabilities: NDArray[np.float32]) -> Iterator[Prediction]:
    """What was predicted of each. probabilities: of those that could be read."""
    answers = iter(probabilities)
    for path, reason, row in zip(files.paths, files.reasons, files.rows, strict=True):
        yield Prediction(path, None if reason else next(answers), reason, row)


def print_predictions(
    console: Console, predictions: Sequence[Prediction], classes: Sequence[str], what: str
) -> None:
    """A row each: its class and the probability of that; why not, where it can't be read.

    what: they are, "image" or "signal".
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column(what, overflow="fold")
    table.add_column("class", overflow="fold")
    table.add_column("probability", justify="right", no_wrap=True)
    for one in predictions:
        path = Text(one.name)
        if one.probabilities is None:
            table.add_row(path, Text(f"can't be read: {printable(one.reason)}", style="red"), "-")
            continue
        best = int(one.probabilities.argmax())
        table.add_row(
            path, Text(printable(classes[best])), f"{100 * one.probabilities[best]:.1f} %"
        )
    console.print(table)


def predictions_csv(predictions: Sequence[Prediction], classes: Sequence[str], what: str) -> str:
    """A row each: what it is, class, probability, reason, and the probability of every class.

    what: the first column's name, "image" or "signal". class and the probabilities are empty where
    a file can't be read; the reason is, where it can.
    """
    rows: list[dict[str, Cell]] = []
    for one in predictions:
        every: list[float] | list[None] = [None] * len(classes)
        best = None
        if one.probabilities is not None:
            best = int(one.probabilities.argmax())
            every = [float(str(x)) for x in one.probabilities]  # the digits that float32 has
        rows.append(
            {
                what: one.name,
                "class": None if best is None else classes[best],
                "probability": None if best is None else every[best],
                "reason": one.reason or None,
                **{f"probability of {name}": x for name, x in zip(classes, every, strict=True)},
            }
        )
    return csv_of(rows)


def unreadable_note(predictions: Sequence[Prediction], what: str) -> str:
    """How many could not be read, "" if all could."""
    lost = sum(one.probabilities is None for one in predictions)
    return f"{lost:,} of {plural(len(predictions), what)} can't be read" if lost else ""
