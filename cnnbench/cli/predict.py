"""`cnnbench predict`: the classes of images by a saved winner."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cnnbench.cli.completion import complete_backend
from cnnbench.cli.options import DeviceName, Replace


def predict(
    folder: Annotated[Path, typer.Argument(help="What `cnnbench pick` saved.")],
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGE...", help="Image files, files of signals, or folders of them."
        ),
    ],
    *,
    backend: Annotated[
        str | None,
        typer.Option(
            help="What computes. Default: the one that trained it, else any that can.",
            autocompletion=complete_backend,
        ),
    ] = None,
    device: DeviceName = "auto",
    format_: Annotated[
        Literal["table", "csv"] | None,
        typer.Option("--format", "-f", help="csv has the probability of every class."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a new file instead, as CSV."),
    ] = None,
    force: Replace = False,
) -> None:
    """Say of each image, or signal, which class it is, and how probably.

    Exit code: 0 all were read, 1 some could not be, 2 the request was wrong.
    """
    from cnnbench.errors import OptionsError
    from cnnbench.report.output import spare_file, write_report
    from cnnbench.report.terminal import Terminal, say
    from cnnbench.winner.hush import hushed
    from cnnbench.winner.predictor import Predictor
    from cnnbench.winner.table import (
        predictions_csv,
        predictions_of,
        print_predictions,
        unreadable_note,
    )

    if output and format_ == "table":
        raise OptionsError("--output writes CSV: leave out --format table")
    if output:
        spare_file(output, force=force)
    console = Terminal()
    predictor = Predictor(folder, backend=backend, device=device)
    files, classes = predictor.files(images), predictor.winner.description.classes
    what = predictor.noun
    if note := predictor.note:
        say(f"note: {note}")
    with console.waiting(f"predicting on {predictor.backend.name}"), hushed():
        predictions = [x for part in predictor.predict_files(files) for x in predictions_of(*part)]
    if output:
        write_report(predictions_csv(predictions, classes, what), output, force=force)
        typer.echo(f"wrote {output}")
    elif format_ == "csv":
        typer.echo(predictions_csv(predictions, classes, what), nl=False)
    else:
        print_predictions(console, predictions, classes, what)
    if note := unreadable_note(predictions, what):
        say(f"note: {note}")
        raise typer.Exit(1)
