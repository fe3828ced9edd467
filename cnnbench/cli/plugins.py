"""`cnnbench plugins`: what was found, what can run here, what is broken."""

from __future__ import annotations

from typing import Annotated

import typer


def plugins(
    tracebacks: Annotated[
        bool,
        typer.Option("--traceback", help="Show the errors of broken plugins in full."),
    ] = False,
) -> None:
    """List backends, sources and whatever else was found, and from where."""
    from rich.console import Console

    from cnnbench.installed import installed_plugins
    from cnnbench.report.plugins import print_plugins

    plugins = installed_plugins()
    with Console() as console:  # all at once, so that `| head` is no failure
        print_plugins(console, plugins, tracebacks=tracebacks)
