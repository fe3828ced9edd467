"""Loading plugins: each found, imported, checked and asked; a broken one is kept as data."""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import EntryPoint, entry_points, version

from cnnbench.data.sources.builtin import BUILTIN_SOURCES
from cnnbench.errors import did_you_mean, page
from cnnbench.loading.found import (
    DISABLE,
    EXECUTOR,
    EXPORTER,
    REPORT_FORMAT,
    SOURCE,
    BrokenPlugin,
    Origin,
)
from cnnbench.loading.plugins import Plugins
from cnnbench.loading.registry import Refused, Registry
from cnnbench.plugin.executor import Executor
from cnnbench.plugin.exporter import Exporter
from cnnbench.plugin.report_format import ReportFormat

LOGGER = logging.getLogger(__name__)

__all__ = ["Plugins", "load_plugins"]


SLOW = 10.0
"""Seconds that a plugin may take to load before it is named."""


def _say(text: str) -> None:
    print(f"cnnbench: {text}", file=sys.stderr, flush=True)  # noqa: T201 - of no use in a log


@contextmanager
def _named(origin: Origin, tell: Callable[[str], None]) -> Iterator[None]:
    """Say whose code runs where it does not end, or is interrupted."""
    doing = f"the plugin {origin.entry_point} of {origin}, which is being loaded"
    remedy = f"{DISABLE}={origin.entry_point} runs without it"
    timer = threading.Timer(SLOW, tell, [f"waiting for {doing}; {remedy}"])
    timer.daemon = True
    timer.start()
    try:
        yield
    except KeyboardInterrupt as interrupt:  # of a user who waits, or raised by the plugin itself
        interrupt.add_note(f"interrupted in {doing}; {remedy}")
        raise
    finally:
        timer.cancel()


def load_plugins(
    *,
    executors: Iterable[Executor] = (),
    report_formats: Iterable[ReportFormat] = (),
    exporters: Iterable[Exporter] = (),
    on_wait: Callable[[str], None] = _say,
) -> Plugins:
    """Find every installed plugin that is not switched off; a broken one is kept as data.

    executors, report_formats, exporters: the built-in ones, handed down by whoever offers them to a
    user; no plugin can take their names. on_wait: hears which plugin is waited for when one takes
    long.
    """
    registry = Registry()
    own = Origin("", "cnnbench", version("cnnbench"))
    registry.add_things(SOURCE, BUILTIN_SOURCES, own)
    registry.add_things(EXECUTOR, executors, own)
    registry.add_things(REPORT_FORMAT, report_formats, own)
    registry.add_things(EXPORTER, exporters, own)
    switched_off = {name.strip() for name in os.environ.get(DISABLE, "").split(",")}
    broken, disabled, notes = [], [], []
    names: set[str] = set()
    for entry_point in _sorted(entry_points(group="cnnbench")):
        origin = _origin(entry_point)
        names |= {entry_point.name, origin.distribution}
        if switched_off & {entry_point.name, origin.distribution}:
            LOGGER.info("plugin %s is switched off by %s", origin.entry_point, DISABLE)
            disabled.append(origin)
            continue
        try:
            # Output belongs to the commands: what a plugin prints would end up in their JSON.
            with redirect_stdout(sys.stderr), _named(origin, on_wait):
                found = registry.add_plugin(entry_point, origin)
        except Refused as refused:
            cause = refused.__cause__
            trace = "".join(traceback.format_exception(cause)) if cause else ""
            LOGGER.info("plugin %s of %s is refused: %s", origin.entry_point, origin, refused)
            broken.append(BrokenPlugin(origin, str(refused), trace))
        else:
            brought = ", ".join(f"{one.kind.word} {one.name}" for one in found)
            LOGGER.info(
                "plugin %s of %s brings %s", origin.entry_point, origin, brought or "nothing"
            )
            if not found:
                notes.append(
                    f"The plugin {origin.entry_point} of {origin} brings nothing: it implements no "
                    f"hook, or its hooks return nothing; {page('plugins.md')} describes them."
                )
    notes += [_unmatched(name, sorted(names)) for name in sorted(switched_off - names - {""})]
    return Plugins(registry, broken, disabled, notes)


def _unmatched(name: str, names: Iterable[str]) -> str:
    end = did_you_mean(name, names) or "."
    return f"{DISABLE} names {name!r}, but there is no such plugin{end}"


def _origin(entry_point: EntryPoint) -> Origin:
    distribution = entry_point.dist
    assert distribution is not None, "entry points that were found belong to a distribution"
    try:
        name, number = distribution.name, distribution.version
    except (KeyError, TypeError):  # how newer Pythons answer where older ones give None
        name = number = ""
    # A distribution that was removed by half has lost both.
    return Origin(entry_point.name, name or "an unnamed distribution", number or "?")


def _sorted(found: Iterable[EntryPoint]) -> list[EntryPoint]:
    """By name, so that they come in the same order every time."""
    return sorted(found, key=lambda entry_point: (entry_point.name, str(_origin(entry_point))))
