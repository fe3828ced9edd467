"""`cnnbench gate`: whether records hold what is asked of them, as an exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cnnbench.cli.compare import complete_metric


def gate(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULTS...", help="Results folders, or files in them.")
    ],
    *,
    against: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="STORED", help="Results of earlier code, that these must not be worse than."
        ),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="'augmentation better', 'accuracy of together >= 0.92'; may be repeated.",
        ),
    ] = None,
    metric: Annotated[
        str,
        typer.Option(
            help="Of losses and verdicts; a required figure names its own.",
            autocompletion=complete_metric,
        ),
    ] = "accuracy",
    split: Annotated[
        Literal["test", "validation"], typer.Option(help="Which images the metric is taken on.")
    ] = "test",
) -> None:
    """Hold records against stored ones and against requirements, for a pipeline to stop at.

    Exit code: 0 all hold, 1 some do not, 2 the request was wrong, 3 of some it can't be told.
    """
    from cnnbench.comparison.gate import gate as judge_records
    from cnnbench.comparison.metrics import find_measure
    from cnnbench.comparison.requirements import parse_requirement
    from cnnbench.comparison.rulings import GateOutcome
    from cnnbench.report.gate import ruling_text
    from cnnbench.report.printable import printable
    from cnnbench.results.read import read_results

    measure = find_measure(metric, split)
    requirements = [parse_requirement(text, split) for text in require or ()]
    stored = read_results(against) if against else None
    found = judge_records(read_results(results), stored, requirements, measure)
    for ruling in found.rulings:
        typer.echo(ruling_text(ruling))
    for note in found.notes:
        typer.echo(f"note: {printable(note)}", err=True)
    code = {GateOutcome.HOLDS: 0, GateOutcome.FAILS: 1, GateOutcome.OPEN: 3}[found.outcome]
    if code:
        raise typer.Exit(code)
