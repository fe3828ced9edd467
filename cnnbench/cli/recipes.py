"""`cnnbench recipes`: the studies that come with cnnbench, to run by name, read or copy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnnbench.cli.completion import complete_shipped


def recipes(
    name: Annotated[
        str | None,
        typer.Argument(help="Print this one instead.", autocompletion=complete_shipped),
    ] = None,
    *,
    copy: Annotated[
        bool, typer.Option("--copy", help="Write it as NAME.toml into this folder, to be edited.")
    ] = False,
) -> None:
    """List the recipes that come with cnnbench, each with the question that it answers.

    `cnnbench run NAME` runs one; NAME.toml in the current folder, if there is one, comes before it.
    """
    from cnnbench.errors import OptionsError
    from cnnbench.recipe.shipped import recipe_text
    from cnnbench.report.recipes import print_recipes

    if name is None:
        if copy:
            raise OptionsError("--copy wants the name of a recipe: cnnbench recipes NAME --copy")
        from rich.console import Console

        print_recipes(Console())
        return
    text = recipe_text(name)
    if not copy:
        typer.echo(text, nl=False)
        return
    from cnnbench.results.files import explain

    path = Path(f"{name}.toml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise OptionsError(f"there is a file {path} already: edit that, or move it") from None
    except OSError as error:
        raise OptionsError(f"{path} can't be written: {explain(error)}") from None
    typer.echo(f"wrote {path}; edit it, then: cnnbench run {path}")
