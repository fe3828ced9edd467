"""`cnnbench pick`: the best variant, trained once more and saved to be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cnnbench.cli.compare import complete_metric
from cnnbench.cli.options import RESULTS, DataSource, DeviceName


def pick(
    results: Annotated[
        Path,
        typer.Argument(help="The results of one recipe on one backend, results/RECIPE/BACKEND."),
    ] = RESULTS,
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where to save it.")
    ] = Path("winner"),
    metric: Annotated[
        str,
        typer.Option(
            help="Of the validation images, to choose by: accuracy, f1, log_loss, ...",
            autocompletion=complete_metric,
        ),
    ] = "accuracy",
    variant: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Take this variant, whatever validation images say."),
    ] = None,
    data: DataSource = None,
    device: DeviceName = "auto",
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Replace a winner that is saved there already.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Choose a variant by validation images, train it once more on these too, and save it.

    The test images have no part in the choice; they are looked at once, at the end.
    """
    from cnnbench.installed import installed_plugins
    from cnnbench.report.live import choose_view
    from cnnbench.report.terminal import Terminal
    from cnnbench.winner.choice import choose
    from cnnbench.winner.folder import NewFolder
    from cnnbench.winner.retrained import retrained
    from cnnbench.winner.retraining import plan_retraining, retrain
    from cnnbench.winner.save import save_winner
    from cnnbench.winner.told import print_choice, print_plan, print_winner

    console = Terminal(quiet=quiet)
    plugins = installed_plugins()
    choice = choose(results, metric, variant)
    with NewFolder(output, replace=force) as folder:
        print_choice(console, choice)
        with console.waiting("reading the data"):
            retraining = plan_retraining(choice, plugins, device=device, data=data)
        print_plan(console, retraining)
        with choose_view(console, retraining.trials, quiet=quiet) as view:
            trained = retrained(retraining, retrain(retraining, plugins, view.hear))
        save_winner(trained, folder)
    print_winner(console, trained, output)
