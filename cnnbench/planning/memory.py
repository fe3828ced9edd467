"""Whether networks fit into this machine at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import psutil

from cnnbench.errors import Problem, RecipeError
from cnnbench.network.cost import layer_costs
from cnnbench.network.layers import Conv
from cnnbench.network.network import Network
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.trials.trial import Trial

BYTES = 8
"""Of a parameter in training: itself and its gradient, in float32; optimisers keep more."""


def refuse_too_large(recipe: Recipe, trials: Sequence[Trial]) -> None:
    """Raise RecipeError for networks whose weights alone take more than the machine's memory."""
    memory = psutil.virtual_memory().total
    networks = {trial.variant: trial.network for trial in trials}
    problems = [
        problem
        for variant in recipe.variants
        for problem in _too_large(variant, networks[variant.name], memory)
    ]
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
