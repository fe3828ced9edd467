"""The table of `cnnbench plugins`."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnbench.plugin.availability import check_availability
from cnnbench.plugin.backend import Availability
from cnnbench.plugin.found import BACKEND, BASE, KINDS, SOURCE, BrokenPlugin, Found
from cnnbench.plugin.plugins import DISABLE, Plugins


def print_plugins(console: Console, plugins: Plugins, *, tracebacks: bool = False) -> None:
    """What was found, kind by kind; below it what to install, what is broken, what is off.

    tracebacks: print what the broken plugins raised, for their authors.
    """
    answers = {id(found): _availability(found) for found in plugins.found()}
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("kind", "name", "available", "about", "from"):
        table.add_column(column, no_wrap=column in ("kind", "name"), overflow="fold")
    for kind in KINDS:
        for found in plugins.found():
            if found.kind is kind:
                table.add_row(*_row(found, answers[id(found)]))
    console.print(table)
    remedies = [
        (found.name, answers[id(found)].install)
        for found in plugins.found()
        if answers[id(found)].install and not answers[id(found)].available
    ]
    _print_list(console, "What is not available can be installed:", remedies)
    _print_broken(console, plugins.broken, tracebacks=tracebacks)
    off = [(origin.entry_point, str(origin)) for origin in plugins.disabled]
    _print_list(console, f"Switched off by {DISABLE}:", off)


def _availability(found: Found) -> Availability:
    """What a thing says of itself; a kind that can't be asked is there once it is found."""
    if found.kind in (BACKEND, BASE):
        return check_availability(found.thing)
    return Availability(available=True)


def _row(found: Found, answer: Availability) -> Iterable[Text]:
    name = found.name
    if found.kind is SOURCE and found.thing.argument:
        name += f":{found.thing.argument}"
    available = Text("yes", style="green") if answer.available else Text("no", style="red")
    yield from (Text(found.kind.word), Text(name, style="bold"), available)
    yield Text("; ".join(part for part in _about(found, answer) if part))
    yield Text(str(found.origin), style="dim")


def _about(found: Found, answer: Availability) -> Iterable[str]:
    yield found.thing.title if found.kind is BACKEND else found.thing.description
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
            console.print(f"\n{title}", style="bold", highlight=False)
        _print(console, f"  {name}: {text}")


def _print(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
