"""`cnnbench report`: the whole answer as one page, and its pictures one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cnnbench.cli.compare import complete_baseline, complete_metric
from cnnbench.cli.options import RESULTS, Replace, ResultPaths

_REPORT = Path("report.html")


def report(
    paths: ResultPaths = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The page. Default: report.html."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="Compare with this variant instead of the recipe's own baseline.",
            autocompletion=complete_baseline,
        ),
    ] = None,
    variant: Annotated[
        str | None,
        typer.Option(help="Lay this one beside the baseline in detail. Default: the best."),
    ] = None,
    metric: Annotated[
        str,
        typer.Option(help="As in `cnnbench compare`.", autocompletion=complete_metric),
    ] = "accuracy",
    split: Annotated[
        Literal["test", "validation"], typer.Option(help="Which images the metric is taken on.")
    ] = "test",
    pictures: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the pictures one by one; no page unless asked."),
    ] = None,
    format_: Annotated[
        Literal["svg", "pdf", "png"] | None,
        typer.Option("--format", help="Of the pictures. Default: svg."),
    ] = None,
    force: Replace = False,
) -> None:
    """Write one page that answers, and shows what the answer rests on.

    It needs no network and nothing beside it: mail it, print it, open it years later.
    """
    from cnnbench.errors import ComparisonError
    from cnnbench.report.page.document import report_html
    from cnnbench.report.page.write import refuse_picture, write_page, write_pictures

    if format_ and not pictures:
        raise ComparisonError(
            "--format is that of single pictures: give --pictures DIR with it, or leave it out"
        )
    refuse_picture(output or _REPORT)
    paths = paths or [RESULTS]
    if output or not pictures:
        text = report_html(paths, baseline=baseline, metric=metric, split=split, variant=variant)
        write_page(text, output or _REPORT, force=force)
        typer.echo(f"wrote {output or _REPORT}")
    if pictures:
        written, missing = write_pictures(
            paths,
            pictures,
            format_=format_ or "svg",
            baseline=baseline,
            metric=metric,
            split=split,
            variant=variant,
        )
        typer.echo(f"wrote {len(written)} pictures to {pictures}")
        for sentence in missing:
            typer.echo(f"note: {sentence}", err=True)
