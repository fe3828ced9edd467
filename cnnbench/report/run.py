"""What `cnnbench run` says before and after the trials."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnbench.comparison.inference.settle import Settlement
from cnnbench.recipe.spec import Recipe
from cnnbench.report.printable import printable
from cnnbench.report.quantities import duration
from cnnbench.trials.trial import Trial

_NAMED = 6
"""Variants named one by one."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may run of a study.

    variants: names of those asked for. trials: all that it may come to. missing: those not
    recorded. least: those that run in any case; most: those and what may follow, as looks at the
    results decide.
    """

    variants: Collection[str]
    trials: Sequence[Trial]
    missing: Sequence[Trial]
    least: Sequence[Trial]
    most: Sequence[Trial]


def print_opening(console: Console, recipe: Recipe, outlook: Outlook) -> None:
    """What the study comes down to, in two lines."""
    trials = outlook.trials
    backends = ", ".join(dict.fromkeys(trial.backend for trial in trials))
    folds = max(variant.configuration.evaluation.folds for variant in recipe.variants)
    asked, known = len(outlook.variants), len(recipe.variants)
    variants = plural(known, "variant") if asked == known else f"{asked} of {known} variants"
    first = f"{recipe.looks[0]} to " if recipe.looks else ""
    parts = [variants, first + plural(recipe.replicates, "replicate")]
    if folds:
        parts.append(plural(folds, "fold"))
    title = Text.assemble((printable(recipe.name), "bold"), f"  {printable(recipe.title)}".rstrip())
    console.print(title, highlight=False)
    _print_whole(
        console,
        f"{' x '.join(parts)} on {backends}: {plural(len(trials), 'trial')}"
        f"{' at most' if recipe.looks else ''}, {len(trials) - len(outlook.missing)} recorded, "
        f"{_span(len(outlook.least), len(outlook.most))} to run",
    )


def print_images(console: Console, lines: Sequence[str]) -> None:
    """What the images are, so that a folder that was taken for a class is seen."""
    for line in lines:
        _print_whole(console, line)


def print_notes(console: Console, notes: Sequence[str]) -> None:
    """A line each, not wrapped inside file names."""
    for note in notes:
        _print_whole(console, f"note: {note}")


def _span(least: int, most: int) -> str:
    return str(most) if least == most else f"{least} to {most}"


def print_dry_run(console: Console, recipe: Recipe, outlook: Outlook) -> None:
    """Per variant and backend, how many trials are recorded and how many would run.

    An ensemble of what other variants train has none of its own.
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("variant")
    table.add_column("backend")
    for column in ("at most" if recipe.looks else "trials", "recorded", "to run"):
        table.add_column(column, justify="right")
    counted = (outlook.trials, outlook.missing, outlook.least, outlook.most)
    all_of, missing, least, most = (Counter((x.variant, x.backend) for x in of) for of in counted)
    for backend in dict.fromkeys(trial.backend for trial in outlook.trials):
        bases = dict.fromkeys(trial.variant for trial in outlook.trials if trial.is_base)
        for variant in (*bases, *(variant.name for variant in recipe.variants)):
            key = (variant, backend)
            if variant not in outlook.variants and variant not in bases:
                continue
            name = Text(printable(variant))
            recorded, to_run = all_of[key] - missing[key], _span(least[key], most[key])
            table.add_row(name, backend, str(all_of[key]), str(recorded), to_run)
    console.print(table)
    span = _span(len(outlook.least), len(outlook.most))
    trials = f"{span} {'trial' if span == '1' else 'trials'}"
    console.print(f"dry run: nothing was trained; {trials} would run")


def open_lines(
    recipe: Recipe,
    settlements: Mapping[str, Settlement | None],
    again: Sequence[str],
    *,
    asked: Collection[str] = (),
    cut: bool,
) -> Iterator[str]:
    """Which variants are open at the end of a run, and the command that goes on.

    settlements: by backend, None of a fixed number of replicates. again: the words of the command.
    asked: the variants that it runs, none for all; the others are not what it could go on with.
    cut: whether the budget ended the run.
    """
    standings = [
        (f"{name} on {backend}" if len(settlements) > 1 else name, standing)
        for backend, settlement in settlements.items()
        if settlement
        for name, standing in settlement.standings.items()
        if name in (asked or settlement.standings)
        and (standing.goes_on or not standing.judgement.verdict.outcome.settled)
    ]
    names = f", with {_first_few([name for name, _ in standings])} open" if standings else ""
    if cut:
        yield f"The budget is spent{names}. To go on: {shlex.join(again)}"
    elif any(standing.held for _, standing in standings):
        yield f"The study waits for trials that failed{names}. To try again: {shlex.join(again)}"
    elif standings and not any(standing.goes_on for _, standing in standings):
        more = shlex.join([*again, "--set", f"replicates.to={2 * recipe.replicates}"])
        yield f"It ends after {recipe.replicates} replicates, the most allowed{names}."
        yield f"To add more, with the wider intervals of a changed study: {more}"


def _first_few(names: Sequence[str]) -> str:
    shown = (
        list(names) if len(names) <= _NAMED else [*names[:_NAMED], f"{len(names) - _NAMED} more"]
    )
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]


def print_ending(
    console: Console,
    folders: Sequence[Path],
    trained: int,
    seconds: float,
    opens: Iterable[str] = (),
    *,
    pages: bool,
) -> None:
    """How long it took, where the records are, and what to type next.

    opens: what is open. pages: whether to name the commands that show the results.
    """
    places = ", ".join(_shell_word(folder) for folder in folders)
    console.print()
    took = f"{plural(trained, 'trial')} in {duration(seconds)}" if trained else "Nothing to train"
    _print_whole(console, f"{took}; records are in {places}")
    for line in opens:
        _print_whole(console, line)
    if pages:
        words = " ".join(_shell_word(folder) for folder in folders)
        _print_whole(console, f"next: cnnbench report {words}")
        _print_whole(console, f"      cnnbench compare {words} --metric training")


def _print_whole(console: Console, line: str) -> None:
    console.print(printable(line), highlight=False, markup=False, soft_wrap=True)


def _shell_word(path: Path) -> str:
    return shlex.quote(str(path))


def interruption(recorded: int, total: int, *, force: bool, at_most: bool = False) -> str:
    """The sentence after Ctrl-C. recorded: trials; with `force`, those of this run alone.

    at_most: whether the study may end with fewer than the total.
    """
    most = "at most " if at_most else ""
    said = f"Interrupted: {recorded} of {most}{plural(total, 'trial')} recorded"
    if not force:
        return f"{said}, none lost; the same command goes on from there."
    return (
        f"{said} by this run, none lost; the same command starts them all again, "
        "without --force it runs only those that are not recorded."
    )


def plural(count: int, noun: str) -> str:
    """1 trial, 2 trials."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
