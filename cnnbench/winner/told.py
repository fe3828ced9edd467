"""What `cnnbench pick` and `cnnbench export` say while they work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cnnbench.comparison.metrics import Unit
from cnnbench.report.printable import printable
from cnnbench.report.run import plural, print_notes
from cnnbench.winner.choice import VariantChoice
from cnnbench.winner.folder import Winner
from cnnbench.winner.retrained import Retrained
from cnnbench.winner.retraining import LastTrial, Retraining
from cnnbench.winner.tuned import ChosenSetting


def print_choice(console: Console, choice: VariantChoice) -> None:
    """The variants by their validation images, the best first, and what limits the choice."""
    metric = choice.measure.metric
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("variant")
    for heading in ("n", f"validation {metric.title}", "parameters"):
        table.add_column(heading, justify="right")
    for one in choice.candidates:
        value = f"{100 * one.mean:.1f} %" if metric.unit is Unit.FRACTION else f"{one.mean:.3f}"
        parameters = "-" if one.parameters is None else f"{one.parameters:,}"
        name = Text(printable(one.variant))
        table.add_row(name, str(len(one.values)), value, parameters)
    if choice.candidates:
        console.print(table)
        console.print()
    how = "taken, as asked" if choice.named else "chosen, by validation alone"
    _print(console, f"{choice.variant} is {how}.")
    if choice.setting:
        _print(console, _setting(choice.setting))
    print_notes(console, choice.notes)


def print_plan(console: Console, retraining: Retraining) -> None:
    """How it is trained once more."""
    split, things = retraining.networks[0].images.split, retraining.things
    if retraining.method:
        _print(console, _several(retraining))
    else:
        for line in _stages(retraining.networks[0], retraining.things):
            _print(console, line)
    if retraining.overlap:
        note = (
            f"{retraining.overlap:,} of the {len(split.test):,} test {things} were validation "
            f"{things} in another replicate, so that the choice has seen them; a source with a "
            "test split of its own keeps them apart"
        )
        print_notes(console, [note])


def print_winner(console: Console, trained: Retrained, folder: Path) -> None:
    """What the one test says, and what to type next."""
    accuracy, count = trained.accuracy, len(trained.predictions.rows)
    things = trained.retraining.things
    low, high = _wilson(round(accuracy * count), count)
    _print(
        console,
        f"test accuracy {100 * accuracy:.1f} % [{100 * low:.1f}, {100 * high:.1f}] on {count:,} "
        f"{things}, looked at once",
    )
    _print(console, f"wrote {folder}")
    files = "IMAGE..." if things == "images" else "FILE..."
    _print(console, f"next: cnnbench predict {folder} {files}")


def print_exported(console: Console, winner: Winner, path: Path) -> None:
    """What the file takes and gives."""
    described = winner.description
    height, width, channels = described.network.input_shape
    color = "grey" if described.preprocessing.color == "grey" else "RGB"
    takes = f"{color} images of {height}x{width} in 0..255"
    if described.preprocessing.of_signals:
        takes = f"signals of the shape ({height}, 1, {channels})"
    single = " (one number: of the second)" if described.network.output == "sigmoid" else ""
    _print(console, f"wrote {path}")
    _print(
        console,
        f"it takes {takes} as float32, and gives the "
        f"probabilities of {', '.join(described.classes)}{single}",
    )


def _setting(setting: ChosenSetting) -> str:
    told = ", ".join(f"{key} = {value}" for key, value in setting.settings.items())
    own = sum(place == setting.candidate for place in setting.chosen)
    replicates = plural(len(setting.chosen), "replicate")
    return (
        f"Its setting is candidate {setting.candidate + 1} of {len(setting.means)} "
        f"({told or 'as the recipe has it'}), the best over {replicates} by validation "
        f"{setting.metric.replace('_', ' ')}; {own} of them took it for themselves."
    )


def _stages(planned: LastTrial, things: str) -> list[str]:
    lines = []
    for number, (epochs, counted) in enumerate(
        zip(planned.epochs, planned.counting, strict=True), 1
    ):
        part = f"stage {number}: " if len(planned.counting) > 1 else ""
        rounds = planned.trial.configuration.ensemble.rounds
        each = f"up to {rounds} networks, each " if rounds > 1 else ""
        found = ", ".join(str(count) for count in sorted(counted))
        why = (
            f"the median of those that counted: {found}" if len(counted) > 1 else "as many counted"
        )
        lines.append(
            f"{part}training {each}once more on {len(planned.images.split.train):,} {things}, "
            f"training and validation together, for {plural(epochs, 'epoch')} ({why})"
        )
    return lines


def _several(retraining: Retraining) -> str:
    count = len(retraining.networks)
    trained_on = f"{len(retraining.networks[0].images.split.train):,} {retraining.things}"
    said = (
        f"training {plural(count, 'network')} once more on {trained_on}, training and "
        f"validation together, for {_epochs(retraining.networks)}"
    )
    held_out = [each for parts in retraining.held_out for each in parts]
    if held_out:
        said += (
            f"; and {len(held_out)} without a part of these each, which they predict, for "
            f"{_epochs(held_out)}"
        )
    return said


def _epochs(planned: Sequence[LastTrial]) -> str:
    """From the fewest to the most that a network is trained."""
    counts = sorted(sum(each.epochs) for each in planned)
    least, most = counts[0], counts[-1]
    return plural(most, "epoch") if least == most else f"{least} to {plural(most, 'epoch')}"


def _wilson(right: int, images: int) -> tuple[float, float]:
    """The 95 % interval of a proportion (Wilson 1927)."""
    from scipy.stats import binomtest

    interval = binomtest(right, images).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def _print(console: Console, line: str) -> None:
    console.print(printable(line), highlight=False, markup=False, soft_wrap=True)
