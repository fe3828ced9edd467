"""Whether networks fit into this machine at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import psutil

from cnnbench.data.requests import request_of
from cnnbench.data.source import Request
from cnnbench.errors import Problem, RecipeError
from cnnbench.network.cost import layer_costs
from cnnbench.network.layers import Conv
from cnnbench.recipe.effective import network_of
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.trials.expand import Known

BYTES = 8
"""Of a parameter in training: itself and its gradient, in float32; optimisers keep more."""


def refuse_too_large(recipe: Recipe, known: Mapping[tuple[str, Request], Known]) -> None:
    """Raise RecipeError for networks whose weights alone take more than the machine's memory."""
    memory = psutil.virtual_memory().total
    problems = [x for variant in recipe.variants for x in _too_large(variant, known, memory)]
    if problems:
        raise RecipeError(problems)


def _too_large(
    variant: Variant, known: Mapping[tuple[str, Request], Known], memory: int
) -> Iterator[Problem]:
    images = known[request_of(variant.configuration.data)]
    network = network_of(variant.configuration, images.shape, images.classes)
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
