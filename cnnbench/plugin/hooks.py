"""The hooks a plugin may implement. Each is optional; a misspelt one is refused."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from cnnbench.data.source import DataSource
from cnnbench.plugin.backend import Backend

INTERFACE = (1, 0)
"""Version of everything under `cnnbench.plugin`; a plugin made for another major is refused."""

hookspec = pluggy.HookspecMarker("cnnbench")
hookimpl = pluggy.HookimplMarker("cnnbench")


@hookspec
def cnnbench_backends() -> Iterable[Backend]:  # type: ignore[empty-body]
    """Backends, by unique name."""


@hookspec
def cnnbench_sources() -> Iterable[DataSource]:  # type: ignore[empty-body]
    """Data sources, by unique name."""
