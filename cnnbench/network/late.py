"""Activations where they have the least to do, for backends that compute layer by layer."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cnnbench.network.graph import spelled_out
from cnnbench.network.layers import Activate, Layer, Pool
from cnnbench.network.network import Network

_BENT = frozenset({"gelu", "silu", "hard_swish", "softmax"})
"""Activations that fall while a value rises, or look at more than one."""


def late_activations(network: Network) -> Network:
    """The network with each activation as a layer of its own, behind max pooling if it can be.

    The largest of what a rising function makes of some values is what it makes of the largest, and
    that takes it once. The network's values are the same, its arrays have the same names; an
    activation that ended a layer is called "conv_1/relu" after both.
    """
    layers = spelled_out(network.layers)
    uses = Counter(name for layer in layers for name in layer.inputs)
    made: dict[str, Layer] = {}
    called: dict[str, str] = {}
    for layer in layers:
        inputs = tuple(called.get(name, name) for name in layer.inputs)
        before = made.get(inputs[0])
        alone = uses[layer.inputs[0]] == 1 and isinstance(layer, Pool) and layer.kind == "max"
        if alone and isinstance(before, Activate) and before.function not in _BENT:
            # Each takes the other's name, so that what follows finds its input.
            made[before.name] = _with(layer, name=before.name, inputs=before.inputs)
            made[layer.name] = _with(before, name=layer.name, inputs=(before.name,))
        elif isinstance(layer, Activate) or layer.applies in {None, "linear"}:
            made[layer.name] = _with(layer, inputs=inputs)
        else:
            made[layer.name] = _with(layer, inputs=inputs, activation="linear")
            name = called[layer.name] = f"{layer.name}/{layer.applies}"
            made[name] = _with(Activate(), function=layer.applies, name=name, inputs=(layer.name,))
    return network.model_copy(update={"layers": tuple(made.values())})


def _with(layer: Layer, **changes: Any) -> Layer:
    return layer.model_copy(update=changes)
