"""Cutting a network in two, at a layer whose output is all that the rest needs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import dropwhile, takewhile

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
    at_rest = {x.name for x in takewhile(lambda x: x.name not in moved, network.nodes())}
    cuts = [name for name in _cuts_behind_arrays(network) if name in at_rest]
    return cuts[-1] if cuts else ""


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
    rest = [
        layer.model_copy(update={"inputs": tuple(INPUT if x == at else x for x in layer.inputs)})
        for layer in map(_placed, nodes[place + 1 :])
    ]
    tail = network.model_copy(
        update={"layers": tuple(rest), "input_shape": (height, width, channels)}
    )
    return up_to(network, at), tail


def trunk(network: Network) -> Network:
    """What makes a network's last map, without the head that follows: its output is "features".

    Raises NetworkError where nothing with arrays comes before the head.
    """
    cuts = _cuts_behind_arrays(network)
    if not cuts:
        raise NetworkError(
            "the network has no convolution before its head, so that nothing of it could be a base"
        )
    return up_to(network, cuts[-1])


def _cuts_behind_arrays(network: Network) -> list[str]:
    """The places to cut whose map is made with arrays, in order."""
    from_first = dropwhile(lambda x: not x.layer.arrays(*x.inputs), network.nodes())
    weighted = {node.name for node in from_first}
    return [node.name for node in places_to_cut(network) if node.name in weighted]


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
