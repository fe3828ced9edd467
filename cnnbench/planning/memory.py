"""Whether networks, and what a training step makes of its images, fit into this machine at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod

import psutil

from cnnbench.data.sources.source import Request
from cnnbench.data.splits.feasibility import split_sizes
from cnnbench.errors import Problem, RecipeError
from cnnbench.network.cost import layer_costs
from cnnbench.network.layers import Conv, Flatten
from cnnbench.network.network import Network
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.trials.expand import Known
from cnnbench.trials.trial import Trial

BYTES = 8
"""Of a parameter in training: itself and its gradient, in float32; optimisers keep more."""

MAP_BYTES = {"float32": 8, "bfloat16": 4}
"""Of a number in a feature map in training: itself and its gradient, by precision."""


def refuse_too_large(
    recipe: Recipe, trials: Sequence[Trial], known: Mapping[tuple[str, Request], Known]
) -> None:
    """Raise RecipeError for what takes more than the machine's memory.

    That is a network's weights alone, or the feature maps of one training step alone.
    """
    memory = psutil.virtual_memory().total
    of_variant = {trial.variant: trial for trial in trials}
    problems: list[Problem] = []
    for variant in recipe.variants:
        trial = of_variant.get(variant.name)
        if trial is None:  # left out of this run
            continue
        images = known[trial.source, trial.request]
        problems += _too_large(variant, trial.network, memory)
        problems += _too_many_at_once(variant, trial.network, images, memory)
    if problems:
        raise RecipeError(problems)


def _too_large(variant: Variant, network: Network, memory: int) -> Iterator[Problem]:
    sizes = [cost.parameters for cost in layer_costs(network)]
    needed = BYTES * sum(sizes)
    if needed > memory:
        largest, (name, layer) = max(
            zip(sizes, network.named_layers(), strict=True), key=lambda pair: pair[0]
        )
        key = "filters" if isinstance(layer, Conv) else "dense"
        if variant.configuration.network.architecture == "layers":
            key = "layers"
        message = (
            f"variant {variant.name!r} has {sum(sizes):,} parameters, which take "
            f"{needed / 2**30:,.0f} GiB in training, more than the {memory / 2**30:,.0f} GiB of "
            f"this machine; most, {largest:,}, are those of {name}"
        )
        yield variant.problem(("network", key), message)


def _too_many_at_once(
    variant: Variant, network: Network, images: Known, memory: int
) -> Iterator[Problem]:
    training = variant.configuration.training
    each = MAP_BYTES[training.precision] * sum(_map_sizes(network))
    if training.batch_size * each <= memory:
        return
    batch = min(training.batch_size, _trained(variant, images))
    if batch * each > memory:
        height, width, _ = images.shape
        fitting = memory // each
        lower = f"lower training.batch_size to {fitting} at most, or " if fitting else ""
        message = (
            f"variant {variant.name!r} makes {batch * each / 2**30:,.0f} GiB of feature maps and "
            f"their gradients in a training step of {batch:,} images, more than the "
            f"{memory / 2**30:,.0f} GiB of this machine; {lower}give a data.image_size below "
            f"{height}x{width}"
        )
        yield variant.problem(("training", "batch_size"), message)


def _trained(variant: Variant, images: Known) -> int:
    """How many images the largest fold trains on."""
    data, folds = variant.configuration.data, variant.configuration.evaluation.folds
    sizes = split_sizes(images.facts, data, folds)["train"]
    return sizes if isinstance(sizes, int) else max(sizes)


def _map_sizes(network: Network) -> Iterator[int]:
    """Numbers that each layer makes of one image; flattening makes no new ones."""
    return (prod(x.shape) for x in network.nodes() if not isinstance(x.layer, Flatten))
