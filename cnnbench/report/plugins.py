"""The table of `cnnbench plugins`."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnbench.errors import page
from cnnbench.loading.availability import check_availability
from cnnbench.loading.found import (
    BACKEND,
    BASE,
    DISABLE,
    EXECUTOR,
    EXPORTER,
    SOURCE,
    BrokenPlugin,
    Found,
    Origin,
)
from cnnbench.loading.plugins import Plugins
from cnnbench.plugin.backend import Availability

Asked = tuple[Found, Availability]
_OR = "|"
"""Between the choices that a source's argument has."""


def print_plugins(console: Console, plugins: Plugins, *, tracebacks: bool = False) -> None:
    """What was found, by distribution; below it what to install, what is broken, what is off.

    tracebacks: print what the broken plugins raised, for their authors.
    """
    asked = [(found, _availability(found)) for found in plugins.found()]
    # What was installed on purpose comes before what is always there.
    for origin in sorted({found.origin for found, _ in asked}, key=_built_in_last):
        _print(console, str(origin), style="bold")
        console.print(_table([row for row in asked if row[0].origin == origin], asked))
    if not plugins.backends:
        _print(
            console,
            f"\nThere is no backend, so nothing can be trained; {page('how-to/install.md')} "
            "installs one.",
        )
    remedies = [
        (found.name, answer.install)
        for found, answer in asked
        if answer.install and not answer.available
    ]
    _print_list(console, "What is not available can be installed:", remedies)
    contested = [(x.name, x.reason) for x in plugins.contested]
    _print_list(console, "Brought by several, and not used:", contested)
    _print_broken(console, plugins.broken, tracebacks=tracebacks)
    off = [(origin.entry_point, str(origin)) for origin in plugins.disabled]
    _print_list(console, f"Switched off by {DISABLE}:", off)
    for note in plugins.notes:
        _print(console, f"\n{note}")


def _built_in_last(origin: Origin) -> tuple[bool, str, str]:
    return not origin.entry_point, origin.distribution, origin.entry_point


def _table(rows: Iterable[Asked], everything: Iterable[Asked]) -> Table:
    """The rows of one distribution, in columns as wide as those of the others."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(width=0)  # indents
    table.add_column(min_width=max(len(found.kind.word) for found, _ in everything), no_wrap=True)
    table.add_column(min_width=max(len(_name(found)) for found, _ in everything), no_wrap=True)
    table.add_column(min_width=3, no_wrap=True)
    table.add_column(overflow="fold")
    for found, answer in rows:
        table.add_row("", *_row(found, answer))
    return table


def _availability(found: Found) -> Availability:
    """What a thing says of itself; a kind that can't be asked is there once it is found."""
    if found.kind in (BACKEND, BASE, EXPORTER):
        return check_availability(found.thing)
    return Availability(available=True)


def _name(found: Found) -> str:
    argument = _argument(found)
    if _OR in argument:  # the choices would make the column too wide; they stand beside it
        return f"{found.name}:NAME"
    return f"{found.name}:{argument}" if argument else found.name


def _argument(found: Found) -> str:
    return found.thing.argument if found.kind in (SOURCE, EXECUTOR) else ""


def _row(found: Found, answer: Availability) -> Iterable[Text]:
    yield Text(found.kind.word)
    yield Text(_name(found), style="bold")
    yield Text("yes", style="green") if answer.available else Text("no", style="red")
    yield Text("; ".join(part for part in _about(found, answer) if part))


def _about(found: Found, answer: Availability) -> Iterable[str]:
    yield found.thing.title if found.kind is BACKEND else found.thing.description
    if _OR in _argument(found):
        yield f"NAME: {', '.join(_argument(found).split(_OR))}"
    if found.kind is BASE:
        base = found.thing
        yield f"trained on {base.trained_on}"
        yield f"published accuracy {base.accuracy}" if base.accuracy else ""
        yield f"licence: {base.licence}"
    if not answer.available:
        yield answer.reason
        return
    yield ", ".join(f"{name} {version}" for name, version in answer.versions.items())
    yield "on " + ", ".join(answer.devices) if answer.devices else ""


def _print_broken(console: Console, broken: Iterable[BrokenPlugin], *, tracebacks: bool) -> None:
    rows = [(f"{x.origin.entry_point} (from {x.origin})", x.reason) for x in broken]
    _print_list(console, "Broken, and not used:", rows)
    for plugin in broken if tracebacks else ():
        if plugin.traceback:
            _print(console, f"\n{plugin.origin.entry_point}:\n{plugin.traceback.rstrip()}")


def _print_list(console: Console, title: str, rows: Iterable[tuple[str, str]]) -> None:
    """Lines that are never broken, so that a command can be copied."""
    for i, (name, text) in enumerate(rows):
        if i == 0:
            _print(console, f"\n{title}", style="bold")
        _print(console, f"  {name}: {text}")


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
