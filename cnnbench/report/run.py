"""What `cnnbench run` says before and after the trials."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnbench.recipe.spec import Recipe
from cnnbench.report.printable import printable
from cnnbench.report.quantities import duration
from cnnbench.trials.trial import Trial


def print_opening(
    console: Console, recipe: Recipe, trials: Sequence[Trial], missing: Sequence[Trial]
) -> None:
    """What the study comes down to, in two lines."""
    backends = ", ".join(dict.fromkeys(trial.backend for trial in trials))
    folds = max(variant.configuration.evaluation.folds for variant in recipe.variants)
    asked, known = len({trial.variant for trial in trials}), len(recipe.variants)
    variants = plural(known, "variant") if asked == known else f"{asked} of {known} variants"
    parts = [variants, plural(recipe.replicates, "replicate")]
    if folds:
        parts.append(plural(folds, "fold"))
    title = Text.assemble((printable(recipe.name), "bold"), f"  {printable(recipe.title)}".rstrip())
    console.print(title, highlight=False)
    _print_whole(
        console,
        f"{' x '.join(parts)} on {backends}: {plural(len(trials), 'trial')}, "
        f"{len(trials) - len(missing)} recorded, {len(missing)} to run",
    )


def print_images(console: Console, lines: Sequence[str]) -> None:
    """What the images are, so that a folder that was taken for a class is seen."""
    for line in lines:
        _print_whole(console, line)


def print_notes(console: Console, notes: Sequence[str]) -> None:
    """A line each, not wrapped inside file names."""
    for note in notes:
        _print_whole(console, f"note: {note}")


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
            if not all_of[key]:
                continue
            name = Text(printable(variant.name))
            count, to_run = all_of[key], left[key]
            table.add_row(name, backend, str(count), str(count - to_run), str(to_run))
    console.print(table)
    console.print(f"dry run: nothing was trained; {plural(len(missing), 'trial')} would run")


def print_ending(
    console: Console, folders: Sequence[Path], trained: int, seconds: float, *, pages: bool
) -> None:
    """How long it took, where the records are, and what to type next. pages: whether to say so."""
    places = ", ".join(_shell_word(folder) for folder in folders)
    console.print()
    took = f"{plural(trained, 'trial')} in {duration(seconds)}" if trained else "Nothing to train"
    _print_whole(console, f"{took}; records are in {places}")
    if pages:
        words = " ".join(_shell_word(folder) for folder in folders)
        _print_whole(console, f"next: cnnbench report {words}")
        _print_whole(console, f"      cnnbench compare {words} --metric training")


def _print_whole(console: Console, line: str) -> None:
    console.print(printable(line), highlight=False, markup=False, soft_wrap=True)


def _shell_word(path: Path) -> str:
    return shlex.quote(str(path))


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
