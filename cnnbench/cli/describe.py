"""`cnnbench describe`: networks of a recipe or published ones, without a framework."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnnbench.cli.completion import complete_network, complete_variant
from cnnbench.cli.options import DataSource, Overrides


def describe(
    recipe: Annotated[
        Path,
        typer.Argument(
            help="The recipe, a file or a name; or a published network, e.g. base:resnet50.",
            autocompletion=complete_network,
        ),
    ],
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
    top: Annotated[
        bool, typer.Option("--top", help="A published network with its classifier.")
    ] = False,
    image_size: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Pixels that a published network takes: 224, or 224x160 (height x width).",
        ),
    ] = None,
) -> None:
    """Show a network layer by layer: output shape, parameters, FLOPs, receptive field."""
    from rich.console import Console

    from cnnbench.errors import refuse_options
    from cnnbench.loading.manager import load_plugins
    from cnnbench.network.bases import PREFIX
    from cnnbench.recipe.load import load_recipe
    from cnnbench.report.network import describe_network, print_network

    plugins = load_plugins()
    if str(recipe).startswith(PREFIX):
        refuse_options({"--variant": variant, "--data": data, "--set": overrides}, "a recipe")
        from cnnbench.report.bases import describe_base

        name = str(recipe).removeprefix(PREFIX)
        described = describe_base(name, image_size, plugins.offered_bases, top=top)
        print_network(described, Console())
        return
    of_base = {"--top": top, "--image-size": image_size}
    refuse_options(of_base, f"a published network, as {PREFIX}resnet50")
    loaded = load_recipe(
        recipe,
        overrides=overrides or (),
        data=data,
        find_source=plugins.source,
        bases=plugins.offered_bases,
    )
    print_network(describe_network(loaded, variant, plugins.source), Console())
