"""Cutting a network in two, at a layer whose output is all that the rest needs."""

from __future__ import annotations

from collections.abc import Iterator

from cnnbench.errors import NetworkError
from cnnbench.network.layers import INPUT, AnyLayer, Dropping
from cnnbench.network.network import Network, Node
from cnnbench.network.weights import trainable_arrays

MAP = 3
"""Axes of a map."""


def last_cut(network: Network, frozen: frozenset[str]) -> str:
    """The last layer whose output alone the rest needs and no gradient or chance changes.

    frozen: names of layers whose arrays don't move. The layer makes a map, and some layer up to it
    has arrays; "" if there is no such layer. A residual network can be cut only where its branches
    have joined.
    """
    moved = {name.partition("/")[0] for name in trainable_arrays(network, frozen)}
    moved |= {name for name, layer in network.named_layers() if isinstance(layer, Dropping)}
    nodes = network.nodes()
    last, weighted = "", False
    for node, alone in zip(nodes, _alone(nodes), strict=True):
        if node.name in moved:
            return last
        weighted = weighted or bool(node.layer.arrays(*node.inputs))
        if alone and weighted and len(node.shape) == MAP and node is not nodes[-1]:
            last = node.name
    return last


def places_to_cut(network: Network) -> tuple[Node, ...]:
    """The layers that make a map, and whose output alone the rest needs; not the last one."""
    nodes = network.nodes()
    return tuple(
        node
        for node, alone in zip(nodes, _alone(nodes), strict=True)
        if alone and len(node.shape) == MAP and node is not nodes[-1]
    )


def up_to(network: Network, at: str) -> Network:
    """What makes the output of a layer, which is given out as "features"; names stay."""
    needed = {at}
    for node in reversed(network.nodes()):
        if node.name in needed:
            needed |= set(node.layer.inputs)
    layers = [_placed(node) for node in network.nodes() if node.name in needed]
    changes = {"layers": tuple(layers), "output": "features", "classes": 0}
    return network.model_copy(update=changes)


def split_network(network: Network, at: str) -> tuple[Network, Network]:
    """The layers up to `at`, whose output is "features", and the rest, which takes those.

    Names stay, so that arrays of the whole fit both. at: a layer that `last_cut` may give.
    """
    nodes = network.nodes()
    place = next(i for i, node in enumerate(nodes) if node.name == at)
    height, width, channels = nodes[place].shape
    layers = [_placed(node) for node in nodes]
    front = network.model_copy(
        update={"layers": tuple(layers[: place + 1]), "output": "features", "classes": 0}
    )
    rest = [
        layer.model_copy(update={"inputs": tuple(INPUT if x == at else x for x in layer.inputs)})
        for layer in layers[place + 1 :]
    ]
    tail = network.model_copy(
        update={"layers": tuple(rest), "input_shape": (height, width, channels)}
    )
    return front, tail


def trunk(network: Network) -> Network:
    """What makes a network's last map, without the head that follows: its output is "features".

    Raises NetworkError where nothing with arrays comes before the head.
    """
    nodes = network.nodes()
    last, weighted = "", False
    for node, alone in zip(nodes, _alone(nodes), strict=True):
        weighted = weighted or bool(node.layer.arrays(*node.inputs))
        if alone and weighted and len(node.shape) == MAP:
            last = node.name
    if not last:
        raise NetworkError(
            "the network has no convolution before its head, so that nothing of it could be a base"
        )
    return split_network(network, last)[0]


def _alone(nodes: tuple[Node, ...]) -> Iterator[bool]:
    """Of each layer, whether nothing below it takes an output from above it."""
    places = {INPUT: -1} | {node.name: i for i, node in enumerate(nodes)}
    last_use = dict.fromkeys(places.values(), -1)
    for i, node in enumerate(nodes):
        for name in node.layer.inputs:
            last_use[places[name]] = i
    reach = -1
    for i in range(len(nodes)):
        reach = max(reach, last_use[i - 1])
        yield reach <= i


def _placed(node: Node) -> AnyLayer:
    layer: AnyLayer = node.layer  # type: ignore[assignment]  # every layer is one of the types
    return layer
