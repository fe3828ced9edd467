"""`cnnbench export`: a saved winner in the format of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnnbench.cli.options import Replace


def export(
    folder: Annotated[Path, typer.Argument(help="What `cnnbench pick` saved.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The suffix says the format: .keras, .onnx."
        ),
    ],
    *,
    force: Replace = False,
) -> None:
    """Write a winner as one file that other programs read, its scaling included."""
    from cnnbench.installed import installed_plugins
    from cnnbench.report.output import spare_file
    from cnnbench.report.terminal import Terminal
    from cnnbench.winner.ensemble import read_taken, refuse_ensemble
    from cnnbench.winner.export import export_winner, find_exporter
    from cnnbench.winner.hush import hushed
    from cnnbench.winner.told import print_exported

    spare_file(output, force=force)
    exporter = find_exporter(installed_plugins(), output)
    winner, console = refuse_ensemble(read_taken(folder), "exported"), Terminal()
    with console.waiting(f"writing {output}"), hushed():
        export_winner(winner, exporter, output)
    print_exported(console, winner, output)
