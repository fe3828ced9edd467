"""`cnnbench describe`: the networks of a recipe, without training and without a framework."""

from __future__ import annotations

from typing import Annotated

import typer

from cnnbench.cli.completion import complete_variant
from cnnbench.cli.options import DataSource, Overrides, RecipePath


def describe(
    recipe: RecipePath,
    *,
    variant: Annotated[
        str | None,
        typer.Option(
            help="Whose network to show. Default: the first variant's.",
            autocompletion=complete_variant,
        ),
    ] = None,
    data: DataSource = None,
    overrides: Overrides = None,
) -> None:
    """Show a network layer by layer: output shape, parameters, FLOPs, receptive field."""
    from rich.console import Console

    from cnnbench.plugin.manager import load_plugins
    from cnnbench.recipe.load import load_recipe
    from cnnbench.report.network import describe_network, print_network

    find_source = load_plugins().source
    loaded = load_recipe(recipe, overrides=overrides or (), data=data, find_source=find_source)
    print_network(describe_network(loaded, variant, find_source), Console())
