"""Which layers are looked at: that of the heat map, and those whose maps are shown."""

from __future__ import annotations

from cnnbench.errors import OptionsError, did_you_mean
from cnnbench.network.cut import MAP, places_to_cut
from cnnbench.network.network import Network, Node

FEATURELESS = frozenset({"pool", "dropout", "zero_padding", "rescaling"})
"""Layers that find nothing in an image, but move or thin out what is there."""
SHOWN = 3


def grad_cam_layer(network: Network, asked: str | None = None) -> str:
    """The layer that a heat map is of: the last one that makes maps of more than a pixel.

    Pooling after it is no layer of features, so that the map of a convolution before it counts,
    which is finer. asked: another layer. Everything that reaches the output must pass through it.
    Raises OptionsError for a layer where that is not so, and for a network without any.
    """
    able = [node.name for node in _features(places_to_cut(network))]
    if not able:
        raise OptionsError(
            "the network has no layer of maps that all of its paths pass through, and so no place "
            "for a heat map: it needs a convolution"
        )
    if asked is None:
        return able[-1]
    if asked not in able:
        known = asked in dict(network.named_layers())
        why = (
            "makes no map, finds no features, or is passed by on another path"
            if known
            else f"is no layer of the network{did_you_mean(asked, able, 'possible are')}"
        )
        listed = f"; possible are {', '.join(able)}" if known else ""
        raise OptionsError(f"no heat map can be made at --layer {asked}, which {why}{listed}")
    return asked


def layers_of_maps(network: Network, last: str) -> tuple[str, ...]:
    """Up to three layers whose maps are shown: the first, one in the middle, and `last`.

    Of those that end in an activation, where any does: what it lets pass is what a layer found.
    """
    nodes = list(network.nodes())
    until = next(i for i, node in enumerate(nodes) if node.name == last)
    found = _features(nodes[:until])
    active = [node for node in found if node.layer.applies not in {None, "linear"}] or found
    names = [*(node.name for node in active), last]
    step = (len(names) - 1) / (SHOWN - 1)
    return tuple(dict.fromkeys(names[round(step * place)] for place in range(SHOWN)))


def last_map(network: Network) -> str:
    """The last layer that makes a map, of a network without classifier. Raises OptionsError."""
    found = _features(network.nodes())
    if not found:
        raise OptionsError("the network has no layer of maps, and so nothing to show")
    return found[-1].name


def _features(nodes: tuple[Node, ...] | list[Node]) -> list[Node]:
    return [
        node
        for node in nodes
        if len(node.shape) == MAP
        and node.shape[0] * node.shape[1] > 1
        and node.layer.type not in FEATURELESS
    ]
