"""What `cnnbench pick` and `cnnbench predict` say: tables for people, predictions as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnbench.comparison.metrics import Unit
from cnnbench.comparison.rows import Cell
from cnnbench.plugin.executor import Outcome
from cnnbench.report.formats import csv_of
from cnnbench.report.printable import printable
from cnnbench.report.run import plural, print_notes
from cnnbench.winner.choice import VariantChoice
from cnnbench.winner.files import Decoded
from cnnbench.winner.folder import Winner
from cnnbench.winner.retraining import Retraining


@dataclass(frozen=True, slots=True)
class Prediction:
    """Of one file. probabilities: of all classes, None where it could not be read for `reason`."""

    path: Path
    probabilities: NDArray[np.float32] | None
    reason: str = ""

    @property
    def name(self) -> str:
        """The path as text that any terminal and file can hold, though its bytes be no UTF-8."""
        return printable(str(self.path).encode(errors="backslashreplace").decode())


def predictions_of(files: Decoded, probabilities: NDArray[np.float32]) -> Iterator[Prediction]:
    """What was predicted of each file. probabilities: of those that could be read."""
    rows = iter(probabilities)
    for path, reason in zip(files.paths, files.reasons, strict=True):
        yield Prediction(path, None if reason else next(rows), reason)


def print_choice(console: Console, choice: VariantChoice) -> None:
    """The variants by their validation images, the best first, and what limits the choice."""
    metric = choice.measure.metric
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("variant")
    for heading in ("n", f"validation {metric.title}", "parameters"):
        table.add_column(heading, justify="right")
    for one in choice.candidates:
        value = f"{100 * one.mean:.1f} %" if metric.unit is Unit.FRACTION else f"{one.mean:.3f}"
        parameters = "-" if one.parameters is None else f"{one.parameters:,}"
        name = Text(printable(one.variant))
        table.add_row(name, str(len(one.values)), value, parameters)
    console.print(table)
    console.print()
    _print(console, f"{choice.variant} is chosen, by the validation images alone.")
    print_notes(console, choice.notes)


def print_plan(console: Console, retraining: Retraining) -> None:
    """How it is trained once more."""
    split = retraining.images.split
    stages = len(retraining.counting)
    for number, (epochs, counted) in enumerate(
        zip(retraining.epochs, retraining.counting, strict=True), 1
    ):
        part = f"stage {number}: " if stages > 1 else ""
        found = ", ".join(str(count) for count in sorted(counted))
        why = (
            f"the median of those that counted: {found}" if len(counted) > 1 else "as many counted"
        )
        _print(
            console,
            f"{part}training once more on {len(split.train):,} images, training and validation "
            f"together, for {plural(epochs, 'epoch')} ({why})",
        )
    if retraining.overlap:
        note = (
            f"{retraining.overlap:,} of the {len(split.test):,} test images were validation images "
            "in another replicate, so that the choice has seen them; a source with a test split of "
            "its own keeps them apart"
        )
        print_notes(console, [note])


def print_winner(console: Console, outcome: Outcome, folder: Path) -> None:
    """What the one test says, and what to type next."""
    assert outcome.rows is not None
    accuracy, images = outcome.record.metrics["test"]["accuracy"], len(outcome.rows)
    low, high = _wilson(round(accuracy * images), images)
    _print(
        console,
        f"test accuracy {100 * accuracy:.1f} % [{100 * low:.1f}, {100 * high:.1f}] on {images:,} "
        "images, looked at once",
    )
    _print(console, f"wrote {folder}")
    _print(console, f"next: cnnbench predict {folder} IMAGE...")


def print_predictions(
    console: Console, predictions: Sequence[Prediction], classes: Sequence[str]
) -> None:
    """A row a file: its class and the probability of that; why not, where it can't be read."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("image", overflow="fold")
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


def predictions_csv(predictions: Iterable[Prediction], classes: Sequence[str]) -> str:
    """A row a file: image, class, probability, reason, and the probability of every class.

    class and the probabilities are empty where a file can't be read; the reason is, where it can.
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
                "image": one.name,
                "class": None if best is None else classes[best],
                "probability": None if best is None else every[best],
                "reason": one.reason or None,
                **{f"probability of {name}": x for name, x in zip(classes, every, strict=True)},
            }
        )
    return csv_of(rows)


def print_exported(console: Console, winner: Winner, path: Path) -> None:
    """What the file takes and gives."""
    described = winner.description
    height, width, _ = described.network.input_shape
    color = "grey" if described.preprocessing.color == "grey" else "RGB"
    single = " (one number: of the second)" if described.network.output == "sigmoid" else ""
    _print(console, f"wrote {path}")
    _print(
        console,
        f"it takes {color} images of {height}x{width} in 0..255 as float32, and gives the "
        f"probabilities of {', '.join(described.classes)}{single}",
    )


def unreadable_note(predictions: Sequence[Prediction]) -> str:
    """How many files could not be read, "" if all could."""
    lost = sum(one.probabilities is None for one in predictions)
    return f"{lost:,} of {plural(len(predictions), 'image')} can't be read" if lost else ""


def _wilson(right: int, images: int) -> tuple[float, float]:
    """The 95 % interval of a proportion (Wilson 1927)."""
    from scipy.stats import binomtest

    interval = binomtest(right, images).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def _print(console: Console, line: str) -> None:
    console.print(printable(line), highlight=False, markup=False, soft_wrap=True)
