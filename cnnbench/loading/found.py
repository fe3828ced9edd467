"""What was found: the kinds of things that plugins bring, where each came from, what is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cnnbench.data.passes.scaling import InputScaling
from cnnbench.data.sources.source import DataSource
from cnnbench.plugin.backend import Backend, Capabilities
from cnnbench.plugin.base import PretrainedBase
from cnnbench.plugin.executor import Executor
from cnnbench.plugin.exporter import Exporter
from cnnbench.plugin.report_format import ReportFormat
from cnnbench.pretrained.found import PublishedAccuracy

DISABLE = "CNNBENCH_DISABLE_PLUGINS"
"""Environment variable: plugins, separated by commas, that are not even imported.

By the names of their entry points, or by those of their distributions.
"""


@dataclass(frozen=True, slots=True)
class Attribute:
    """What each thing of a kind must have. form: of its value, as a sentence names it."""

    name: str
    form: str
    fits: Callable[[object], bool]


def _text(name: str) -> Attribute:
    return Attribute(name, "text", lambda value: isinstance(value, str))


NAME = _text("name")
TITLE = _text("title")
DESCRIPTION = _text("description")
ARGUMENT = _text("argument")
CAPABILITIES = Attribute(
    "capabilities", "Capabilities", lambda value: isinstance(value, Capabilities)
)
SYNTHETIC = Attribute("synthetic", "True or False", lambda value: isinstance(value, bool))
RENDER = Attribute("render", "function", callable)
TRAINED_ON = _text("trained_on")
LICENCE = _text("licence")
SCALING = Attribute("scaling", "InputScaling", lambda value: isinstance(value, InputScaling))
CHANNELS = Attribute(
    "channels",
    "number of at least 1",
    lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 1,
)
ACCURACY = Attribute(
    "accuracy",
    "PublishedAccuracy or None",
    lambda value: isinstance(value, PublishedAccuracy | None),
)
POINTS = Attribute(
    "points",
    "tuple of names",
    lambda value: isinstance(value, tuple) and all(isinstance(name, str) for name in value),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing: what it is called, which hook brings it, what each must have."""

    word: str
    hook: str
    type: type
    attributes: tuple[Attribute, ...] = (NAME, DESCRIPTION)


BACKEND = Kind("backend", "cnnbench_backends", Backend, (NAME, TITLE, CAPABILITIES))
SOURCE = Kind("source", "cnnbench_sources", DataSource, (NAME, DESCRIPTION, ARGUMENT, SYNTHETIC))
EXECUTOR = Kind("executor", "cnnbench_executors", Executor, (NAME, DESCRIPTION, ARGUMENT))
REPORT_FORMAT = Kind(
    "report format", "cnnbench_report_formats", ReportFormat, (NAME, DESCRIPTION, RENDER)
)
BASE = Kind(
    "base",
    "cnnbench_bases",
    PretrainedBase,
    (NAME, DESCRIPTION, TRAINED_ON, LICENCE, SCALING, CHANNELS, ACCURACY, POINTS),
)
EXPORTER = Kind("exporter", "cnnbench_exporters", Exporter)
KINDS = (BACKEND, SOURCE, EXECUTOR, REPORT_FORMAT, BASE, EXPORTER)
"""What plugins are asked for, in the order of `cnnbench plugins`."""


@dataclass(frozen=True, slots=True)
class Tracker:
    """A plugin that is told what happens to trials; name: of its entry point."""

    name: str
    hooks: tuple[str, ...]

    @property
    def description(self) -> str:
        """What it is told."""
        told = (hook.removeprefix("cnnbench_").replace("_", " ") for hook in self.hooks)
        return f"is told: {', '.join(told)}"


TRACKER = Kind("tracker", "", Tracker)
"""Nothing that a plugin returns: it is known by the hooks that it implements."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something came from; entry_point is "" for what cnnbench itself brings."""

    entry_point: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was brought."""

    kind: Kind
    thing: Any
    origin: Origin

    @property
    def name(self) -> str:
        """What it is asked for by, within its kind."""
        return str(self.thing.name)


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A plugin that was refused, and nothing of which is used.

    reason: one sentence. traceback: of the plugin's own error, for its author, "" without one.
    """

    origin: Origin
    reason: str
    traceback: str = ""
