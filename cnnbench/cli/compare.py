"""`cnnbench compare`: what the recorded trials say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cnnbench.cli.options import RESULTS, Replace, ResultPaths


def complete_metric(incomplete: str) -> list[tuple[str, str]]:
    """Names of metrics, each with its title."""
    from cnnbench.comparison.metrics import METRICS

    return [(name, x.title) for name, x in METRICS.items() if name.startswith(incomplete)]


def _complete_format(incomplete: str) -> list[str]:
    from cnnbench.report.formats import FORMATS, PARQUET_FORMAT, RECORDS_FORMAT

    names = (*FORMATS, PARQUET_FORMAT, RECORDS_FORMAT)
    return [name for name in names if name.startswith(incomplete)]


def complete_baseline(context: typer.Context, incomplete: str) -> list[str]:
    """What the paths typed so far offer as a baseline."""
    from cnnbench.comparison.baselines import baseline_names

    # While an option still lacks its value, the paths typed so far stand in `args`.
    typed = context.params.get("paths") or context.args
    names = baseline_names([Path(path) for path in typed], context.params.get("by", "variant"))
    return [name for name in names if name.startswith(incomplete)]


def compare(
    paths: ResultPaths = None,
    *,
    baseline: Annotated[
        str | None,
        typer.Option(
            help="Compare with this variant, or backend, instead of the recipe's own baseline.",
            autocompletion=complete_baseline,
        ),
    ] = None,
    metric: Annotated[
        list[str],
        typer.Option(
            help="Repeat for further columns. Default: accuracy, where classes are uneven with "
            "balanced_accuracy and f1. Others: precision, recall, log_loss, calibration_error, "
            "or a cost such as training, images_per_second, latency_single, peak_memory.",
            autocompletion=complete_metric,
        ),
    ] = [],  # noqa: B006 - typer copies it
    all_pairs: Annotated[
        bool, typer.Option("--all-pairs", help="Every variant with every other.")
    ] = False,
    by: Annotated[
        Literal["variant", "backend"],
        typer.Option(help="backend: compare backends with each other, variant by variant."),
    ] = "variant",
    curve: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="Techniques against the amounts of a key that is a number: data.train.",
        ),
    ] = None,
    split: Annotated[
        Literal["test", "validation"], typer.Option(help="Which images the metric is taken on.")
    ] = "test",
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="table, csv, markdown, json, latex, parquet, records (a row a trial, CSV or "
            "Parquet), or a plugin's. "
            "Default: what the suffix of --output says, else table.",
            autocompletion=_complete_format,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a new file instead."),
    ] = None,
    force: Replace = False,
) -> None:
    """Compare recorded variants with their baseline, paired by replicate."""
    from cnnbench.comparison.compare import with_metrics
    from cnnbench.report.formats import RECORDS_FORMAT, notes_text
    from cnnbench.report.output import find_writer, format_of, write_report
    from cnnbench.results.read import read_results

    format_ = format_ or format_of(output)
    write = find_writer(format_, output)
    results = read_results(paths or [RESULTS])
    comparison = with_metrics(
        results,
        metric,
        baseline=baseline,
        by=by,
        split=split,
        all_pairs=all_pairs,
        curve=curve,
    )
    if format_ == "table" and not output:
        from rich.console import Console

        from cnnbench.report.console import print_comparison

        print_comparison(comparison, Console())
        return
    content = write(comparison, results)
    if output:
        write_report(content, output, force=force)
    else:
        typer.echo(content, nl=False)
    if format_ in {"csv", RECORDS_FORMAT}:
        typer.echo(notes_text(comparison), nl=False, err=True)
