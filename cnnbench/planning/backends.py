"""Which backends a request means: by name, all of them, or by what the environment says."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cnnbench.errors import PluginError, page
from cnnbench.loading.availability import check_availability
from cnnbench.loading.plugins import Plugins

ALL = "all"
VARIABLE = "CNNBENCH_BACKEND"
"""Backends to take where none is named, with commas between several."""
KERAS_VARIABLE = "KERAS_BACKEND"
"""Keras's own; it counts where it names a backend that can run here."""


def split_names(names: Sequence[str]) -> list[str]:
    """Each once, in order; "torch,jax" is two."""
    parts = [part.strip() for name in names for part in name.split(",")]
    return [*dict.fromkeys(filter(None, parts))]


def backends_meant(plugins: Plugins, names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The names of the backends that are asked for, and a note where the environment chose.

    names: as typed; "all" is each that can run here, and none leaves it to the environment, then to
    the only one that can run here. Raises PluginError where that is none or several.
    """
    if asked := split_names(names):
        return _all_named(plugins, asked), ()
    if asked := split_names([os.environ.get(VARIABLE, "")]):
        found = _all_named(plugins, asked)
        return found, (_chosen(found, VARIABLE),)
    able = _able(plugins)
    if len(able) == 1:
        return able, ()
    if (keras := os.environ.get(KERAS_VARIABLE, "")) in able:
        return [keras], (_chosen([keras], KERAS_VARIABLE),)
    if able:
        raise PluginError(f"choose a backend: --backend {' or --backend '.join((*able, ALL))}")
    raise _none(plugins)


def _all_named(plugins: Plugins, names: list[str]) -> list[str]:
    if ALL not in names or ALL in plugins.backends:
        return names
    able = _able(plugins)
    if not able:
        raise _none(plugins)
    others = [name for name in names if name != ALL]
    return [*dict.fromkeys([*others, *able])]


def _able(plugins: Plugins) -> list[str]:
    return [name for name, x in plugins.backends.items() if check_availability(x).available]


def _chosen(names: Sequence[str], variable: str) -> str:
    backends = "backend" if len(names) == 1 else "backends"
    return f"{backends} {', '.join(names)}, as {variable} says; --backend names others"


def _none(plugins: Plugins) -> PluginError:
    if not plugins.backends:
        return PluginError(
            "there is no backend, so nothing can be trained; backends are plugins, and "
            f"{page('how-to/install.md')} tells how to install one"
        )
    return PluginError(
        "no backend can run here; `cnnbench plugins` lists what was found and what to install"
    )
