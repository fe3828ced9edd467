"""`cnnbench run`: train what is missing of recipes and compare."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnbench.cli.completion import complete_backend, complete_recipe, complete_variant
from cnnbench.cli.options import RESULTS, DataSource, DeviceName, Download, Overrides

if TYPE_CHECKING:
    from cnnbench.execution.budget import Budget
    from cnnbench.loading.plugins import Plugins
    from cnnbench.planning.prepare import Prepared, RunOptions
    from cnnbench.report.terminal import Terminal


def _read_budget(text: str) -> float:
    from cnnbench.execution.budget import read_budget

    return read_budget(text)


def run(
    recipes: Annotated[
        list[Path],
        typer.Argument(
            metavar="RECIPE...",
            help="TOML files, or names of `cnnbench recipes`; one is run after the other.",
            autocompletion=complete_recipe,
        ),
    ],
    backend: Annotated[
        list[str] | None,
        typer.Option(
            help="Backend to train with; several repeated or with commas, or all. Default: "
            "CNNBENCH_BACKEND, KERAS_BACKEND, or the only one available.",
            autocompletion=complete_backend,
        ),
    ] = None,
    *,
    data: DataSource = None,
    download: Download = False,
    overrides: Overrides = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Run this variant and the baseline alone; several repeated or with commas.",
            autocompletion=complete_variant,
        ),
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(min=1, help="Run the first N of each variant, as --set replicates=N."),
    ] = None,
    device: DeviceName = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Trials at a time. Default: one a core; on a GPU, one."),
    ] = None,
    executor: Annotated[
        str, typer.Option(help="local: worker processes; inline: this process, for debugging.")
    ] = "local",
    stack: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Train up to N replicates of a variant as one program, where the backend can.",
        ),
    ] = 1,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, help="Seconds a trial may take.")
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            parser=_read_budget,
            metavar="TIME",
            help="Begin no replicate that would not end in this time, e.g. 20min or 1h30min.",
        ),
    ] = None,
    results: Annotated[
        Path, typer.Option("--results", "-o", help="Folder of the records.")
    ] = RESULTS,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Run recorded trials again.")
    ] = False,
    save_weights: Annotated[
        bool, typer.Option("--save-weights", help="Keep the arrays of every trained network.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what would run; train nothing.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page of the results at the end.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Run the trials of recipes that are not recorded yet, then compare their variants.

    Exit code: 0 all trials ok, 1 some failed, 2 the request was wrong, 130 interrupted (143 by
    SIGTERM, 129 by SIGHUP).
    """
    from cnnbench.cli.again import words_again
    from cnnbench.data.sources.downloading import allow_download
    from cnnbench.execution.budget import Budget
    from cnnbench.installed import installed_plugins
    from cnnbench.planning.prepare import RunOptions, prepare_all
    from cnnbench.report.reading import reading
    from cnnbench.report.terminal import Terminal

    if report:
        from cnnbench.report.page.write import spare_page

        spare_page(report)
    if download:
        allow_download()
    console = Terminal(quiet=quiet)
    plugins = installed_plugins()
    options = RunOptions(results, device, jobs, executor, timeout, force, save_weights, stack)
    changes = [*(overrides or []), *([f"replicates={replicates}"] if replicates else [])]
    spending = Budget(budget)
    with reading(console, "reading the recipe and its data") as watcher:
        studies = prepare_all(
            recipes,
            backend or [],
            plugins,
            options,
            overrides=changes,
            data=data,
            variants=variant or [],
            watch=watcher,
        )
    for number, (path, prepared) in enumerate(zip(recipes, studies, strict=True)):
        if number:
            console.print()
        _open(prepared, options, console, dry_run=dry_run)
        if not dry_run:
            again = words_again(
                path,
                [study.backend for study in prepared.studies],
                changes,
                data=data,
                variants=prepared.asked,
                device=device,
                results=results,
            )
            _train(prepared, plugins, options, console, spending, again=again, advise=not report)
    if report and not dry_run:
        from cnnbench.report.page.document import report_html
        from cnnbench.report.page.write import write_page

        write_page(report_html([x for study in studies for x in study.folders]), report)
        console.print(f"wrote {report}", markup=False, highlight=False, soft_wrap=True)
    if not dry_run and any(x.failed for x in studies):
        raise typer.Exit(1)


def _open(prepared: Prepared, options: RunOptions, console: Terminal, *, dry_run: bool) -> None:
    from cnnbench.execution.rounds import due_of
    from cnnbench.report.run import Outlook, print_dry_run, print_images, print_notes, print_opening

    due = due_of(prepared, anew=options.force)
    outlook = Outlook(
        {x.variant for it in prepared.studies for x in it.wanted if x.variant in it.plan.variants},
        prepared.trials,
        prepared.missing,
        [trial for each in due for trial in each.next],
        [trial for each in due for trial in each.most],
    )
    print_opening(console, prepared.recipe, outlook)
    print_images(console, prepared.images)
    print_notes(console, [*prepared.notes, *prepared.problems])
    if dry_run:
        print_dry_run(console, prepared.recipe, outlook)


def _train(
    prepared: Prepared,
    plugins: Plugins,
    options: RunOptions,
    console: Terminal,
    budget: Budget,
    *,
    again: list[str],
    advise: bool,
) -> None:
    """Train what is due and show what came of it.

    again: the command that goes on with it. advise: whether to name the next commands.
    """
    from cnnbench.comparison.compare import with_metrics
    from cnnbench.execution.rounds import due_of
    from cnnbench.execution.run import run_prepared
    from cnnbench.report.console import print_comparison
    from cnnbench.report.ended import ended_runs
    from cnnbench.report.live import choose_view
    from cnnbench.report.run import interruption, open_lines, print_ending
    from cnnbench.report.standings import Standings
    from cnnbench.report.terminal import say
    from cnnbench.results.read import read_results

    def standings() -> Standings:
        known = [] if options.force else prepared.records()
        return Standings(prepared.recipe.baseline, known)

    begun, clock = time.time(), time.monotonic()
    due = [x for due in due_of(prepared, anew=options.force) for x in due.next]
    try:
        with choose_view(
            console, due, quiet=console.quiet, standings=standings, budget=budget.left
        ) as view:
            ran = run_prepared(prepared, plugins, options, view.hear, budget)
    except KeyboardInterrupt:
        recorded = len(prepared.ok_records(since=begun if options.force else 0.0))
        most = bool(prepared.recipe.looks)
        say(interruption(recorded, prepared.wanted, force=options.force, at_most=most))
        raise
    for ended in ended_runs(prepared) if ran.trained else ():
        plugins.notify(ended)
    if not console.quiet:
        if found := bool(prepared.records()):
            print_comparison(with_metrics(read_results(prepared.folders), ()), console)
        took = time.monotonic() - clock
        still = {
            study.backend: each.settlement
            for study, each in zip(prepared.studies, due_of(prepared), strict=True)
        }
        opens = open_lines(prepared.recipe, still, again, asked=prepared.asked, cut=ran.cut)
        pages = advise and found
        print_ending(console, prepared.folders, ran.trained, took, opens, pages=pages)
