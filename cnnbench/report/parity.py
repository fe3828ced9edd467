"""Backends side by side: a table for people, every step as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from cnnbench.comparison.parity import MARGIN, Parity, Verdict

CSV_COLUMNS = (
    "variant",
    "replicate",
    "reference",
    "backend",
    "step",
    "reference_loss",
    "loss",
    "difference",
    "allowed",
)
_STYLES = {Verdict.AGREE: "green", Verdict.DIFFER: "bold red", Verdict.FAILED: "red"}


def print_parity(console: Console, parities: Sequence[Parity]) -> None:
    """One row a trial and backend, its differences, and the verdict below."""
    reference = parities[0].reference
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("variant", "backend"):
        table.add_column(heading, no_wrap=True)
    for heading in ("predictions", "first step", "epoch", "accuracy", "images"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for parity in parities:
        verdict = f"[{_STYLES[parity.verdict]}]{parity.verdict}[/]"
        table.add_row(parity.variant, parity.other, *_cells(parity), verdict)
    console.print(table)
    console.print(
        f"\nDifferences to {reference}: the largest of a probability of the test images before "
        "training; of the loss at the first step, and the largest of the first epoch's steps; of "
        "the test accuracy after the whole training, in percentage points, and of the test images, "
        f"how many are put into another class. Backends agree where they differ by no more than "
        f"{MARGIN:g} times what moving each initial weight by one unit in the last place changes.",
        highlight=False,
    )
    for parity in parities:
        console.print(
            f"{parity.variant}, {parity.other}: {parity.verdict}, {parity.reason}",
            highlight=False,
            markup=False,
        )


def parity_csv(parities: Sequence[Parity]) -> str:
    """One row a step: the losses of both backends, their difference, what rounding explains."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for parity in parities:
        found = parity.measured
        where = [parity.variant, parity.replicate, parity.reference, parity.other]
        rows = zip(found.losses, found.steps, found.allowed, strict=True)
        for step, (losses, difference, allowed) in enumerate(rows, start=1):
            writer.writerow([*where, step, *losses, difference, allowed])
    return text.getvalue()


def _cells(parity: Parity) -> tuple[str, ...]:
    found = parity.measured
    if found.accuracy is None:
        return ("-",) * 5
    one, other = found.accuracy
    return (
        f"{found.initial:.1e}",
        f"{found.steps[0]:.1e}",
        f"{max(found.steps):.1e}",
        f"{100 * (other - one):+.1f}",
        f"{found.decided_differently}/{found.images}",
    )
