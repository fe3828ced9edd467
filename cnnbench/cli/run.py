"""`cnnbench run`: train what is missing of a recipe and compare."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from cnnbench.cli.completion import complete_backend
from cnnbench.cli.options import RESULTS, DataSource, DeviceName, Overrides, RecipePath


def run(
    recipe: RecipePath,
    backend: Annotated[
        list[str] | None,
        typer.Option(
            help="Backend to train with; repeat for several. Default: the only one available.",
            autocompletion=complete_backend,
        ),
    ] = None,
    *,
    data: DataSource = None,
    overrides: Overrides = None,
    device: DeviceName = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Trials at a time. Default: one a core; on a GPU, one."),
    ] = None,
    executor: Annotated[
        str, typer.Option(help="local: worker processes; inline: this process, for debugging.")
    ] = "local",
    timeout: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds a trial may take.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the records.")] = RESULTS,
    force: Annotated[bool, typer.Option("--force", help="Run recorded trials again.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run; train nothing.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page of the results at the end.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Run the trials of a recipe that are not recorded yet, then compare its variants.

    Exit code: 0 all trials ok, 1 some failed, 2 the request was wrong, 130 interrupted (143 by
    SIGTERM, 129 by SIGHUP).
    """
    from cnnbench.comparison.compare import compare_records
    from cnnbench.execution.run import run_prepared
    from cnnbench.installed import installed_plugins
    from cnnbench.planning.prepare import RunOptions, prepare
    from cnnbench.report.console import print_comparison
    from cnnbench.report.live import choose_view
    from cnnbench.report.page.document import report_html
    from cnnbench.report.page.write import spare_page, write_page
    from cnnbench.report.run import (
        interruption,
        print_dry_run,
        print_images,
        print_notes,
        print_opening,
    )
    from cnnbench.report.terminal import Terminal, say

    if report:
        spare_page(report)
    console = Terminal(quiet=quiet)
    plugins = installed_plugins()
    options = RunOptions(results, device, jobs, executor, timeout, force)
    with console.waiting("reading the recipe and its images"):
        prepared = prepare(
            recipe, backend or [], plugins, options, overrides=overrides or [], data=data
        )
    trials, missing = prepared.trials, prepared.missing
    print_opening(console, prepared.recipe, trials, missing)
    print_images(console, prepared.images)
    print_notes(console, [*prepared.notes, *prepared.problems])
    if dry_run:
        print_dry_run(console, prepared.recipe, trials, missing)
        return
    begun = time.time()
    try:
        with choose_view(console, missing, quiet=quiet) as view:
            run_prepared(prepared, plugins, options, view.hear)
    except KeyboardInterrupt:
        recorded = len(prepared.ok_records(since=begun if force else 0.0))
        say(interruption(recorded, len(trials), force=force))
        raise
    folders = [study.store.folder for study in prepared.studies]
    if not quiet:
        print_comparison(compare_records(folders), console)
    if report:
        write_page(report_html(folders), report)
    if len(prepared.ok_records()) < len(trials):
        raise typer.Exit(1)
