"""`cnnbench look`: a recipe's images as training would see them, before anything trains."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnnbench.cli.options import DataSource, Download, Overrides, RecipePath, Replace


def look(
    recipe: RecipePath,
    *,
    data: DataSource = None,
    download: Download = False,
    overrides: Overrides = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The picture: .png, .svg or .pdf."),
    ] = Path("look.png"),
    groups: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also write a table (.csv) of images that look almost alike, for data.groups.",
        ),
    ] = None,
    force: Replace = False,
) -> None:
    """Show the images before training: classes, samples, augmented draws, suspicious files."""
    from cnnbench.data.sources.downloading import allow_download
    from cnnbench.data.sources.groups import is_table
    from cnnbench.errors import ComparisonError
    from cnnbench.installed import installed_plugins
    from cnnbench.planning.preview import preview
    from cnnbench.recipe.load import load_recipe
    from cnnbench.report.look import groups_table, print_look
    from cnnbench.report.output import spare_file, write_report
    from cnnbench.report.pictures.canvas import format_of
    from cnnbench.report.pictures.look import look as draw
    from cnnbench.report.reading import reading
    from cnnbench.report.terminal import Terminal

    if download:
        allow_download()
    kind = format_of(output)
    if groups and not is_table(str(groups)):
        raise ComparisonError(f"{groups} is no name of a table of groups; end it with .csv")
    for file in (output, groups):
        if file:
            spare_file(file, force=force)
    plugins = installed_plugins()
    loaded = load_recipe(
        recipe,
        overrides=overrides or (),
        data=data,
        find_source=plugins.source,
        bases=plugins.offered_bases,
    )
    console = Terminal()
    with reading(console, "reading the data") as watcher:
        seen = preview(loaded, plugins, watcher)
    print_look(console, seen)
    with console.waiting("drawing the picture"):
        content = draw(seen).content(kind)
    write_report(content, output, force=force)
    typer.echo(f"wrote {output}")
    if groups:
        write_report(groups_table(seen), groups, force=force)
        typer.echo(f"wrote {groups}; to keep these images together: --set data.groups={groups}")
