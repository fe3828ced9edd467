"""`cnnbench describe`: the networks of a recipe, without training and without a framework."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnnbench.cli.completion import complete_recipe, complete_variant


def describe(
    recipe: Annotated[
        Path, typer.Argument(help="The recipe, a TOML file.", autocompletion=complete_recipe)
    ],
    *,
    variant: Annotated[
        str | None,
        typer.Option(
            help="Whose network to show. Default: the baseline's.", autocompletion=complete_variant
        ),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Other images for the recipe, e.g. folder:photos.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key: network.kernel=5."),
    ] = None,
) -> None:
    """Show a network layer by layer: output shape, parameters, FLOPs, receptive field."""
    from rich.console import Console

    from cnnbench.plugin.manager import load_plugins
    from cnnbench.recipe.load import load_recipe
    from cnnbench.report.network import describe_network, print_network

    find_source = load_plugins().source
    loaded = load_recipe(recipe, overrides=overrides or (), data=data, find_source=find_source)
    print_network(describe_network(loaded, variant, find_source), Console())
