"""`cnnbench check`: does a backend do what it must?"""

from __future__ import annotations

from typing import Annotated

import typer

from cnnbench.cli.completion import complete_backend
from cnnbench.cli.options import DeviceName


def check(
    backend: Annotated[
        str,
        typer.Argument(
            help="An installed backend, or module:attribute, or file.py:attribute.",
            autocompletion=complete_backend,
        ),
    ],
    device: DeviceName = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="CPU threads for the backend.")] = 1,
    only: Annotated[
        list[str] | None, typer.Option(metavar="CHECK", help="Run this check; may be repeated.")
    ] = None,
    tracebacks: Annotated[
        bool, typer.Option("--traceback", help="Show in full what the backend raised.")
    ] = False,
) -> None:
    """Check a backend against the reference; exit code 1 if any check fails."""
    from rich.console import Console

    from cnnbench.report.check import collect_findings, print_findings
    from cnnbench.testing.session import check_backend, select_checks, unchecked_subjects

    console = Console()
    checks = select_checks(only or ())
    findings = check_backend(backend, checks, device=device, threads=threads)
    found = collect_findings(console, findings, len(checks))
    print_findings(console, found, unchecked_subjects(found), tracebacks=tracebacks)
    if any(finding.verdict == "failed" for finding in found):
        raise typer.Exit(1)
