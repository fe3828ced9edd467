"""`cnnbench parity`: the same trials on several backends, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnnbench.cli.completion import complete_backend
from cnnbench.cli.options import DataSource, DeviceName, Overrides, RecipePath, Replace


def parity(
    recipe: RecipePath,
    backend: Annotated[
        list[str],
        typer.Option(
            help="Two or more, repeated or with commas, or all; compared with the first.",
            autocompletion=complete_backend,
        ),
    ],
    *,
    data: DataSource = None,
    overrides: Overrides = None,
    device: DeviceName = "auto",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write every difference to a CSV file, too."
        ),
    ] = None,
    force: Replace = False,
) -> None:
    """Tell whether backends agree as far as float32 arithmetic allows.

    Each variant's first replicate is trained on every backend; nothing is recorded.
    Exit code: 0 they agree, 1 some differ or failed, 2 the request was wrong, 3 of some it can't
    be told.
    """
    from cnnbench.installed import installed_plugins
    from cnnbench.parity.judgement import ParityVerdict, pair_probes
    from cnnbench.parity.run import prepare_parity, probe_backends
    from cnnbench.parity.table import parity_csv, print_parity, shown_trial
    from cnnbench.report.output import spare_file, write_report
    from cnnbench.report.reading import reading
    from cnnbench.report.terminal import Terminal

    if output:
        spare_file(output, force=force)
    console = Terminal()
    plugins = installed_plugins()
    with reading(console, "reading the recipe and its data") as watcher:
        prepared = prepare_parity(
            recipe, backend, plugins, device, overrides=overrides or [], data=data, watch=watcher
        )
    with console.waiting("starting") as status:
        probes = probe_backends(prepared, plugins, lambda trial: status.update(shown_trial(trial)))
        parities = pair_probes(list(probes), signals=prepared.signals)
    print_parity(console, parities, signals=prepared.signals)
    if output:
        write_report(parity_csv(parities), output, force=force)
    verdicts = {parity.verdict for parity in parities}
    if verdicts & {ParityVerdict.DIFFER, ParityVerdict.FAILED}:
        raise typer.Exit(1)
    if ParityVerdict.CANT_TELL in verdicts:
        raise typer.Exit(3)
