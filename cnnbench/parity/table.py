"""Backends side by side: a table for people, every difference as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnbench.comparison.rows import Cell
from cnnbench.data.sources.summary import in_words
from cnnbench.parity.deviation import MARGIN, Criterion, Difference
from cnnbench.parity.judgement import Parity, ParityVerdict
from cnnbench.report.formats import csv_cell
from cnnbench.report.printable import printable
from cnnbench.trials.trial import Trial

_COLUMNS = (Criterion.INITIAL, Criterion.LOSS, Criterion.EPOCH, Criterion.PASS, Criterion.FINAL)
CSV_COLUMNS = (
    "variant",
    "replicate",
    "reference",
    "backend",
    "verdict",
    "reason",
    "measure",
    "step",
    "reference_value",
    "value",
    "difference",
    "allowed",
)
_STYLES = {
    ParityVerdict.AGREE: "green",
    ParityVerdict.CANT_TELL: "yellow",
    ParityVerdict.DIFFER: "bold red",
    ParityVerdict.FAILED: "red",
}
_HEADINGS = ("before\ntraining", "first\nepoch", "after\nepoch", "whole\nepochs", "after\ntraining")


def print_parity(console: Console, parities: Sequence[Parity], *, signals: bool = False) -> None:
    """One row a trial and backend, its differences, and the verdict below.

    signals: whether networks tell these apart, not images.
    """
    reference = parities[0].reference
    table = Table(box=None, header_style="bold", pad_edge=False, collapse_padding=True)
    for heading in ("variant", "backend"):
        table.add_column(heading, overflow="fold", min_width=len(heading))
    for heading in (*_HEADINGS, "accuracy"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for parity in parities:
        names = (Text(printable(parity.variant)), Text(parity.other))
        verdict = Text(parity.verdict, style=_STYLES[parity.verdict])
        table.add_row(*names, *_cells(parity), verdict)
    console.print(table)
    explanation = (
        f"\nDifferences to {reference}: the largest of a probability of the test images before "
        "training; the largest of the loss at a step of the first epoch; the largest of a "
        "probability after that epoch; the largest of the loss of those whole epochs that rounding "
        "moves little; half the summed difference of the probabilities of each image after the "
        "whole training, the mean over the images; of the test accuracy "
        "after it, in percentage points. Epochs are taken without dropout, whose masks are "
        "each backend's own, the whole training with it. Backends agree where they differ by no "
        f"more than {MARGIN:g} times what nudging the initial weights by rounding errors changes, "
        "and at the end by no more than chance explains. With dropout, early stopping or a "
        "plateau of the learning rate, the end is judged by its accuracy alone. Where rounding or "
        "chance explain nearly everything, it can't be told."
    )
    console.print(
        in_words(explanation, signals=signals),
        highlight=False,
    )
    for parity in parities:
        console.print(
            printable(f"{parity.variant}, {parity.other}: {parity.verdict}, {parity.reason}"),
            highlight=False,
            markup=False,
        )


def shown_trial(trial: Trial) -> Text:
    """Which trial is under way."""
    return Text(printable(f"{trial.variant} on {trial.backend}"))


def parity_csv(parities: Sequence[Parity]) -> str:
    """One row a difference, of losses one a step or epoch; a single row where a backend failed."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for parity in parities:
        where = (parity.variant, parity.replicate, parity.reference, parity.other)
        start = (*where, parity.verdict, parity.reason)
        for cells in map(_csv_cells, parity.differences) if parity.differences else [("",) * 6]:
            writer.writerow(map(csv_cell, (*start, *cells)))
    return text.getvalue()


def _csv_cells(found: Difference) -> tuple[Cell, ...]:
    values = found.values or ("", "")
    allowed = "" if found.allowed is None else found.allowed
    return (found.measure, found.step or "", *values, found.size, allowed)


def _cells(parity: Parity) -> tuple[str, ...]:
    if not parity.differences:
        return ("-",) * (len(_HEADINGS) + 1)
    sizes = (max((found.size for found in parity.of(part)), default=None) for part in _COLUMNS)
    (accuracy,) = parity.of(Criterion.ACCURACY)
    assert accuracy.values is not None, "an accuracy is a number"
    one, other = accuracy.values
    cells = ("-" if size is None else f"{size:.1e}" for size in sizes)
    return (*cells, f"{100 * (other - one):+.1f}")
