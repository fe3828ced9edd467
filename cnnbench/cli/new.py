"""`cnnbench new`: start something from a template."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

new = typer.Typer(help="Start a plugin of your own.", no_args_is_help=True)


@new.callback()
def _group() -> None:
    """Start a plugin of your own."""


@new.command()
def plugin(
    name: Annotated[str, typer.Argument(help="Of the backend, as in --backend NAME.")],
    directory: Annotated[
        Path, typer.Option(help="The folder to make the plugin's folder in.")
    ] = Path(),
) -> None:
    """Write an installable plugin with a backend to fill in, and the tests that prove it right."""
    from cnnbench.loading.manager import load_plugins
    from cnnbench.scaffold import write_plugin

    folder = write_plugin(name, directory, taken=load_plugins().backends)
    typer.echo(
        f"Wrote {folder}. Install it and see what remains to be written:\n\n"
        f"    python -m pip install -e {folder}\n"
        "    cnnbench plugins\n"
        f"    python -m pytest {folder}\n"
    )
