"""Everything a command can use: what comes with cnnbench, and what plugins bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnbench.plugin.plugins import Plugins


def installed_plugins() -> Plugins:
    """The built-in sources, executors and report formats, and the plugins'."""
    from cnnbench.execution.executors import BUILTIN_EXECUTORS
    from cnnbench.plugin.manager import load_plugins

    return load_plugins(executors=BUILTIN_EXECUTORS)
