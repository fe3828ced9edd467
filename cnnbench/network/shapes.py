"""The shapes that the layers of a network make."""

from __future__ import annotations

from cnnbench.network.layers import Shape
from cnnbench.network.network import Network


def layer_shapes(network: Network) -> tuple[Shape, ...]:
    """The output shape of each layer, without the batch axis.

    Raises NetworkError where the layers are no graph, or one can't take its inputs.
    """
    return tuple(node.shape for node in network.nodes())
