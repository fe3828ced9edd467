"""The order in which Keras lists the layers of a network, which its files of arrays follow."""

from __future__ import annotations

from cnnbench.network.layers import INPUT, DepthwiseConv
from cnnbench.network.network import Network

DEPTHWISE = "_depthwise"
"""How the first half of a separable convolution is called that Keras has as one layer."""


def halves(network: Network) -> dict[str, str]:
    """The depthwise half of each separable convolution, by the name of the whole."""
    names = {node.name for node in network.nodes()}
    return {
        node.name.removesuffix(DEPTHWISE): node.name
        for node in network.nodes()
        if isinstance(node.layer, DepthwiseConv)
        and node.name.endswith(DEPTHWISE)
        and node.name.removesuffix(DEPTHWISE) in names
    }


def keras_order(network: Network) -> list[str]:
    """The names of all layers as `model.layers` has them, the halves of separable ones as one.

    Keras sorts by the distance from the output, the longest way counting, and layers of the same
    distance by when it first meets them, going back from the output depth first
    (`keras.src.ops.function.map_graph`).
    """
    whole = {half: name for name, half in halves(network).items()}
    inputs: dict[str, tuple[str, ...]] = {}
    for node in network.nodes():
        if node.name in whole:
            inputs[whole[node.name]] = node.layer.inputs
        else:
            inputs.setdefault(node.name, node.layer.inputs)
    names = list(inputs)
    depth = dict.fromkeys(names, 0)
    for name in reversed(names):
        for before in inputs[name]:
            if before != INPUT:
                depth[before] = max(depth[before], depth[name] + 1)
    met = _met(names[-1], inputs)
    return sorted(names, key=lambda name: (-depth[name], met[name]))


def _met(output: str, inputs: dict[str, tuple[str, ...]]) -> dict[str, int]:
    """When each layer is first met."""
    met: dict[str, int] = {}
    waiting = [output]
    while waiting:
        name = waiting.pop()
        if name != INPUT and name not in met:
            met[name] = len(met)
            waiting += reversed(inputs[name])
    return met
