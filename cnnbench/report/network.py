"""The networks of a recipe as a table: what each layer makes, costs and sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from cnnbench.data.sources.source import DataSource, Facts, Request
from cnnbench.errors import Problem, RecipeError, did_you_mean
from cnnbench.network.network import Network
from cnnbench.network.receptive import Receptive
from cnnbench.network.summary import NetworkSummary, summarize
from cnnbench.network.weights import trainable_arrays, weight_shapes
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.spec import Recipe
from cnnbench.recipe.transfer import Stage

FindSource = Callable[[str], DataSource]
SEES = "sees pixels"
WIDEST = 1000
LABEL_WIDTH = 11
"""Characters of a line of a layer's description at least."""


@dataclass(frozen=True, slots=True)
class Description:
    """One variant's network in full, and the parameters of the other variants' by name.

    stages: a sentence about what of a base moves when, for each stage. points: the first layer of
    each of its blocks.
    """

    recipe: str
    variant: str
    summary: NetworkSummary
    others: tuple[tuple[str, int], ...]
    stages: tuple[str, ...] = ()
    points: tuple[str, ...] = ()


def describe_network(recipe: Recipe, variant: str | None, find_source: FindSource) -> Description:
    """The network of a variant, the first one's by default; no image is decoded.

    Raises RecipeError for an unknown variant, DataError, NetworkError.
    """
    chosen = recipe.variants[0].name if variant is None else variant
    configurations = {v.name: v.configuration for v in recipe.variants}
    if chosen not in configurations:
        raise RecipeError([_unknown(recipe, chosen)])

    @cache
    def facts_of(name: str, request: Request) -> Facts:
        return find_source(name).facts(request)

    def network_of(configuration: Configuration) -> Network:
        facts = facts_of(*configuration.request())
        return configuration.network_for(facts.shape, facts.classes, recipe.bases)

    networks = {name: network_of(x) for name, x in configurations.items()}
    others = tuple(
        (name, summarize(x).parameters) for name, x in networks.items() if name != chosen
    )
    shown = configurations[chosen]
    shape = facts_of(*shown.request()).shape
    said = tuple(stage_sentences(networks[chosen], shown.stages_for(shape, recipe.bases)))
    points = shown.points_for(shape, recipe.bases)
    return Description(recipe.name, chosen, summarize(networks[chosen]), others, said, points)


def stage_sentences(network: Network, stages: Sequence[Stage]) -> Iterator[str]:
    """What of a network on a base learns in each stage, and which of its layers are at rest.

    Of layers at rest among those that learn, normalisations, where what learns begins.
    """
    shapes = weight_shapes(network)
    layers = list(dict.fromkeys(name.partition("/")[0] for name in shapes))
    for number, stage in enumerate(stages, 1):
        moved = trainable_arrays(network, stage.frozen)
        count = sum(prod(shapes[name]) for name in moved)
        resting = [name for name in layers if name in stage.frozen]
        epochs = stage.training.epochs
        which = f"Stage {number}, " if len(stages) > 1 else ""
        said = f"{which}{epochs:,} epoch{'s' * (epochs != 1)}: {count:,} parameters learn"
        if not resting:
            yield f"{said}, no layer is at rest."
            continue
        span = f", {resting[0]} to {resting[-1]}" if len(resting) > 1 else f", {resting[0]}"
        if resting != layers[: len(resting)]:
            start = next(name for name in layers if name not in stage.frozen)
            said, span = f"{said}, from {start} on", ""
        yield (
            f"{said}; at rest {'is' if len(resting) == 1 else 'are'} {len(resting)} of "
            f"{len(layers)} layers with parameters{span}."
        )


def points_sentence(points: Sequence[str]) -> Iterator[str]:
    """The blocks of a base, numbered as `unfreeze_last` counts them; none without points."""
    if points:
        numbered = ", ".join(f"{at} {name}" for at, name in enumerate(reversed(points), 1))
        yield f"Blocks from the last on, as unfreeze_last counts them: {numbered}."


def print_network(description: Description, console: Console) -> None:
    """The layer table of the variant, remarks as sentences, and the other variants' sizes.

    Where the table is too wide for the console, its column of FLOPs is left out; the total stays.
    """
    summary, title = description.summary, f"{description.recipe}: {description.variant}"
    table = layer_table(summary, title)
    unlimited = console.options.update(max_width=WIDEST)
    fits = Measurement.get(console, unlimited, table).minimum <= console.width
    console.print(table if fits else layer_table(summary, title, flops=False))
    if not fits:
        console.print(f"{summary.flops:,} FLOPs", highlight=False)
    blocks = points_sentence(description.points)
    for sentence in (*_remarks(summary), *description.stages, *blocks):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    if description.others:
        console.print("\nOther variants, with their parameters:", highlight=False)
        console.print(_sizes(description.others))


def layer_table(summary: NetworkSummary, title: str, *, flops: bool = True) -> Table:
    """A row a layer with thousands separators, totals below. flops: with a column for them."""
    table = Table(
        title=Text(title, style="bold"),
        title_justify="left",
        box=None,
        header_style="bold",
        footer_style="bold",
        pad_edge=False,
        show_footer=True,
    )
    table.add_column("layer", footer="total", no_wrap=True)
    table.add_column("", min_width=LABEL_WIDTH)
    table.add_column("output", justify="right", no_wrap=True)
    table.add_column("parameters", f"{summary.parameters:,}", justify="right", no_wrap=True)
    if flops:
        table.add_column("FLOPs", f"{summary.flops:,}", justify="right", no_wrap=True)
    table.add_column(SEES, justify="right", no_wrap=True, min_width=len(SEES))
    table.add_row("input", "", _sides(summary.input_shape))
    for row in summary.rows:
        table.add_row(
            row.name,
            row.label,
            _sides(row.shape),
            f"{row.parameters:,}" if row.parameters else "",
            *([f"{row.flops:,}" if row.flops else ""] if flops else []),
            _view(row.receptive),
        )
    return table


def _remarks(summary: NetworkSummary) -> Iterator[str]:
    maps = [row for row in summary.rows if len(row.shape) > 1]
    below = sum(row.parameters for row in maps)
    above = summary.parameters - below
    if below and above:
        yield f"{below:,} parameters up to {maps[-1].name}, {above:,} above it."
    fixed = summary.parameters - summary.trainable_parameters
    if fixed:
        yield f"{fixed:,} of the parameters are moving statistics, which no gradient trains."
    yield from summary.warnings


def _sizes(others: tuple[tuple[str, int], ...]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, parameters in others:
        table.add_row(Text(name), f"{parameters:,}")
    return table


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(f"{side:,}" if len(shape) == 1 else str(side) for side in shape)


def _view(receptive: Receptive) -> str:
    return _sides(receptive.size) if receptive.stride else "all"


def _unknown(recipe: Recipe, name: str) -> Problem:
    names = [variant.name for variant in recipe.variants]
    rest = did_you_mean(name, names, "variants")
    return Problem("--variant", f"recipe {recipe.name} has no variant {name!r}{rest}")
