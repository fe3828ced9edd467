"""A plugin as Python sees it after pip: a module and its .dist-info folder on the path."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from cnnbench.loading.found import BrokenPlugin
from cnnbench.loading.manager import Plugins

Place = Callable[..., str]

HEADER = """
from cnnbench.plugin import *
from cnnbench.plugin import hookimpl

CNNBENCH_INTERFACE = "1.0"
"""

GOOD = """
class Good(Backend):
    name = "good"
    title = "A good backend"

    def check(self):
        return Availability(available=True)

    def open(self, device, threads):
        raise PluginError("it computes nothing")
"""

PROVIDES_GOOD = (
    GOOD
    + """
@hookimpl
def cnnbench_backends():
    return [Good()]
"""
)

SOURCE = """
class Source(DataSource):
    name = "stars"
    def facts(self, request): ...
    def fingerprint(self, request): ...
    def load(self, request): ...
"""

BASE = """
class Base(PretrainedBase):
    name = "tiny"
    trained_on, licence, scaling = "dots", "MIT", SCALINGS["keras"]
    def check(self): ...
    def network(self, input_shape): ...
    def weights(self): ...
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """place(module, source, entry_point=..., version=..., header=...) makes a plugin importable."""
    monkeypatch.syspath_prepend(str(tmp_path))
    modules: list[str] = []

    def write(
        module: str,
        source: str,
        *,
        entry_point: str | None = None,
        distribution: str | None = None,
        version: str = "1.2.3",
        header: str = HEADER,
    ) -> str:
        (tmp_path / f"{module}.py").write_text(header + dedent(source))
        folder = (distribution or module).replace("-", "_")  # as pip writes it
        info = tmp_path / f"{folder}-{version}.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution or module}\nVersion: {version}\n"
        )
        with (info / "entry_points.txt").open("a") as file:
            file.write(f"[cnnbench]\n{entry_point or module} = {module}\n")
        modules.append(module)
        return entry_point or module

    yield write
    for module in modules:
        sys.modules.pop(module, None)


@pytest.fixture
def good(place):
    """A plugin that must go on working whatever the others do; sorts in the middle."""
    return place("mm_good_plugin", PROVIDES_GOOD)


def broken(plugins: Plugins, entry_point: str) -> BrokenPlugin:
    """The one plugin of that name that was refused."""
    (found,) = [x for x in plugins.broken if x.origin.entry_point == entry_point]
    return found
