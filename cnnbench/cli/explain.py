"""`cnnbench explain`: where a trained network looks, and what its layers make of an image."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnnbench.cli.completion import complete_backend
from cnnbench.cli.options import DataSource, DeviceName, Replace


def explain(
    trained: Annotated[
        str,
        typer.Argument(
            help="What `cnnbench pick` saved; or results/RECIPE/BACKEND with arrays kept by `run "
            "--save-weights`, or one of its files of arrays; or a published network, as base:vgg16."
        ),
    ],
    *,
    image: Annotated[
        list[Path],
        typer.Option("--image", metavar="FILE", help="An image, or signals; may be repeated."),
    ],
    of: Annotated[
        str | None,
        typer.Option("--class", metavar="NAME", help="What to look for. Default: what is seen."),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(help="Whose maps the heat is made of. Default: the last one with maps."),
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help="Of results: which. Default: the first with arrays.")
    ] = None,
    replicate: Annotated[
        int | None, typer.Option(min=1, help="Of results: which, from 1. Default: the first.")
    ] = None,
    data: DataSource = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Of a published network: imagenet, random, or a file. Default: imagenet."
        ),
    ] = None,
    scaling: Annotated[
        str | None, typer.Option(help="What a file's arrays take, where it does not say.")
    ] = None,
    image_size: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Pixels that a published network takes: 224, or 224x160 (height x width).",
        ),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            help="What computes. Default: the one that trained it, else any that can.",
            autocompletion=complete_backend,
        ),
    ] = None,
    device: DeviceName = "auto",
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The picture: .png, .svg or .pdf."),
    ] = Path("explain.png"),
    force: Replace = False,
) -> None:
    """Show what a network learned: where it looks for a class (Grad-CAM), feature maps, filters."""
    from cnnbench.installed import installed_plugins
    from cnnbench.report.output import spare_file, write_report
    from cnnbench.report.pictures.canvas import format_of
    from cnnbench.report.terminal import Terminal
    from cnnbench.winner.explanation.explanation import ExplainRequest, explain_images
    from cnnbench.winner.explanation.finding import SubjectAsked, find_subject
    from cnnbench.winner.explanation.picture import explanation_picture
    from cnnbench.winner.explanation.table import print_explanation
    from cnnbench.winner.hush import hushed

    kind = format_of(output)
    spare_file(output, force=force)
    plugins, console = installed_plugins(), Terminal()
    asked = SubjectAsked(trained, variant, replicate, data, weights, scaling, image_size)
    with console.waiting("reading what is needed"):
        subject = find_subject(asked, plugins)
    request = ExplainRequest(tuple(image), of, layer, backend, device)
    with console.waiting("computing"), hushed():
        explained = explain_images(subject, request, plugins)
    print_explanation(console, explained)
    with console.waiting("drawing the picture"):
        content = explanation_picture(explained).content(kind)
    write_report(content, output, force=force)
    typer.echo(f"wrote {output}")
