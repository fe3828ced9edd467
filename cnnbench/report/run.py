"""What `cnnbench run` says before and after the trials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnbench.recipe.spec import Recipe
from cnnbench.report.printable import printable
from cnnbench.trials.trial import Trial


def print_opening(
    console: Console, recipe: Recipe, trials: Sequence[Trial], missing: Sequence[Trial]
) -> None:
    """What the study comes down to, in two lines."""
    backends = ", ".join(dict.fromkeys(trial.backend for trial in trials))
    folds = max(variant.configuration.evaluation.folds for variant in recipe.variants)
    parts = [plural(len(recipe.variants), "variant"), plural(recipe.replicates, "replicate")]
    if folds:
        parts.append(plural(folds, "fold"))
    title = Text.assemble((printable(recipe.name), "bold"), f"  {printable(recipe.title)}".rstrip())
    console.print(title, highlight=False)
    console.print(
        f"{' x '.join(parts)} on {backends}: {plural(len(trials), 'trial')}, "
        f"{len(trials) - len(missing)} recorded, {len(missing)} to run",
        highlight=False,
    )


def print_images(console: Console, lines: Sequence[str]) -> None:
    """What the images are, so that a folder that was taken for a class is seen."""
    for line in lines:
        console.print(printable(line), highlight=False, markup=False, soft_wrap=True)


def print_notes(console: Console, notes: Sequence[str]) -> None:
    """A line each, not wrapped inside file names."""
    for note in notes:
        console.print(printable(f"note: {note}"), highlight=False, markup=False, soft_wrap=True)


def print_dry_run(
    console: Console, recipe: Recipe, trials: Sequence[Trial], missing: Sequence[Trial]
) -> None:
    """Per variant and backend, how many trials are recorded and how many would run."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("variant")
    table.add_column("backend")
    for column in ("trials", "recorded", "to run"):
        table.add_column(column, justify="right")
    all_of = Counter((trial.variant, trial.backend) for trial in trials)
    left = Counter((trial.variant, trial.backend) for trial in missing)
    for backend in dict.fromkeys(trial.backend for trial in trials):
        for variant in recipe.variants:
            key = (variant.name, backend)
            name = Text(printable(variant.name))
            count, to_run = all_of[key], left[key]
            table.add_row(name, backend, str(count), str(count - to_run), str(to_run))
    console.print(table)
    console.print(f"dry run: nothing was trained; {plural(len(missing), 'trial')} would run")


def interruption(recorded: int, total: int, *, force: bool) -> str:
    """The sentence after Ctrl-C. recorded: trials; with `force`, those of this run alone."""
    said = f"Interrupted: {recorded} of {plural(total, 'trial')} recorded"
    if not force:
        return f"{said}, none lost; the same command goes on from there."
    return (
        f"{said} by this run, none lost; the same command starts them all again, "
        "without --force it runs only those that are not recorded."
    )


def plural(count: int, noun: str) -> str:
    """1 trial, 2 trials."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
