"""Everything that was found, by kind and name."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from cnnbench.data.sources.source import DataSource
from cnnbench.errors import PluginError, meant, nearest, page
from cnnbench.loading.callbacks import Callbacks
from cnnbench.loading.claims import settle
from cnnbench.loading.found import (
    BACKEND,
    BASE,
    DISABLE,
    EXECUTOR,
    EXPORTER,
    KINDS,
    REPORT_FORMAT,
    SOURCE,
    TRACKER,
    BrokenPlugin,
    Found,
    Kind,
    Origin,
)
from cnnbench.loading.registry import Registry
from cnnbench.network.bases.offered import PUBLISHED, OfferedBase, OfferedBases
from cnnbench.plugin.backend import Backend
from cnnbench.plugin.base import PretrainedBase
from cnnbench.plugin.executor import Event, Executor
from cnnbench.plugin.exporter import Exporter
from cnnbench.plugin.report_format import ReportFormat
from cnnbench.plugin.run_ended import RunEnded


class PluginWarning(UserWarning):
    """A plugin misbehaved while a study ran; the study goes on without it."""


def _warn(sentence: str) -> None:
    warnings.warn(sentence, PluginWarning, stacklevel=3)


class Plugins:
    """What was found, by kind and name; mappings are in the order of discovery, built-in first.

    broken: plugins that were refused. disabled: plugins that CNNBENCH_DISABLE_PLUGINS switched off.
    contested: names that nobody gets. notes: whatever else an author or a user should know, a
    sentence each.
    """

    def __init__(
        self,
        registry: Registry,
        broken: Iterable[BrokenPlugin] = (),
        disabled: Iterable[Origin] = (),
        notes: Iterable[str] = (),
    ) -> None:
        self._found, self.contested = settle(registry.found)
        self._callbacks = Callbacks(registry.manager)
        self.broken = tuple(broken)
        self.disabled = tuple(disabled)
        self.notes = tuple(notes)

    @property
    def backends(self) -> Mapping[str, Backend]:
        """By name."""
        return self._things(BACKEND)

    @property
    def sources(self) -> Mapping[str, DataSource]:
        """By name."""
        return self._things(SOURCE)

    @property
    def executors(self) -> Mapping[str, Executor]:
        """By name."""
        return self._things(EXECUTOR)

    @property
    def report_formats(self) -> Mapping[str, ReportFormat]:
        """By name."""
        return self._things(REPORT_FORMAT)

    @property
    def bases(self) -> Mapping[str, PretrainedBase]:
        """By name."""
        return self._things(BASE)

    @property
    def offered_bases(self) -> OfferedBases:
        """The published networks and those of plugins, as recipes may name them."""
        own = {name: OfferedBase(x.network, x.channels, x.points) for name, x in self.bases.items()}
        return {**own, **PUBLISHED}

    @property
    def exporters(self) -> Mapping[str, Exporter]:
        """By name."""
        return self._things(EXPORTER)

    def backend(self, name: str) -> Backend:
        """The backend of that name, whether or not it can run here. Raises PluginError."""
        backend: Backend = self._get(BACKEND, name)
        return backend

    def source(self, name: str) -> DataSource:
        """The data source of that name, "folder", without its argument. Raises PluginError."""
        source: DataSource = self._get(SOURCE, name)
        return source

    def executor(self, name: str) -> Executor:
        """The executor of that name, with an argument after a colon. Raises PluginError."""
        name, colon, argument = name.partition(":")
        executor: Executor = self._get(EXECUTOR, name)
        return executor.at(argument) if colon else executor

    def report_format(self, name: str) -> ReportFormat:
        """The report format of that name. Raises PluginError."""
        report_format: ReportFormat = self._get(REPORT_FORMAT, name)
        return report_format

    def base(self, name: str) -> PretrainedBase:
        """The pretrained base of that name. Raises PluginError."""
        base: PretrainedBase = self._get(BASE, name)
        return base

    def exporter(self, name: str) -> Exporter:
        """The exporter of that name. Raises PluginError."""
        exporter: Exporter = self._get(EXPORTER, name)
        return exporter

    def found(self) -> tuple[Found, ...]:
        """Everything with its origin, kind by kind."""
        kinds = (*KINDS, TRACKER)
        return tuple(sorted(self._found, key=lambda found: kinds.index(found.kind)))

    def distribution_of(self, thing: object) -> Origin:
        """Where a thing that was found here came from. Raises KeyError for anything else."""
        for found in self._found:
            if found.thing is thing:
                return found.origin
        raise KeyError(thing)

    def notify(self, event: Event | RunEnded, report: Callable[[str], None] = _warn) -> None:
        """Tell the callbacks of plugins; one that raises is reported once and switched off."""
        self._callbacks.notify(event, report)

    def _things(self, kind: Kind) -> Mapping[str, Any]:
        return MappingProxyType({x.name: x.thing for x in self._found if x.kind is kind})

    def _get(self, kind: Kind, name: str) -> Any:
        things = self._things(kind)
        if name in things:
            return things[name]
        for contested in self.contested:
            if (contested.kind, contested.name) == (kind, name):
                raise PluginError(contested.reason)
        raise PluginError(self._unknown(kind, name))

    def _unknown(self, kind: Kind, name: str) -> str:
        names = list(self._things(kind))
        near = nearest(name, names)
        guesses = [near] if near else _titled(name, self._things(kind))
        found = f"found: {', '.join(names)}"
        there = found if names else f"no installed plugin provides a {kind.word}"
        parts = [f"there is no {kind.word} {name!r}{meant(guesses, there)}"]
        if self.broken or self.disabled:
            absent = [f"{x.origin.entry_point} (broken)" for x in self.broken]
            absent += [f"{x.entry_point} (switched off by {DISABLE})" for x in self.disabled]
            parts.append(f"plugins not in use: {', '.join(absent)}")
        parts.append(
            "`cnnbench plugins` shows what is installed, "
            f"{page('how-to/install.md')} how to add more"
        )
        return "; ".join(parts)


def _titled(word: str, things: Mapping[str, Any]) -> list[str]:
    """The names of what has the word in its title, or its capitals: TensorFlow is "tf"."""
    found = []
    for name, thing in things.items():
        words = re.findall(r"\w+", str(getattr(thing, "title", "")))
        short = ["".join(filter(str.isupper, each)) for each in words]
        if word.lower() in [each.lower() for each in (*words, *short) if each]:
            found.append(name)
    return found
