"""Networks as those computed them who trained the arrays: what differs between frameworks."""

from __future__ import annotations

from cnnbench.errors import PretrainedError
from cnnbench.network.layers import AnyLayer, BatchNorm, Conv, DepthwiseConv, Pool, ZeroPadding
from cnnbench.network.network import Network
from cnnbench.pretrained.found import FoundArrays

TORCH_EPSILON = 1e-5
"""PyTorch's default for batch normalisation."""


def as_trained(network: Network, found: FoundArrays) -> Network:
    """The network, padded and normalised as where its arrays come from; names and arrays stay.

    Convolutions with strides over a padded map see other pixels in PyTorch, which puts as many
    zeros on each side, than in TensorFlow, which puts one less before where the number is odd. The
    epsilon of batch normalisation is 1e-5 in PyTorch. Raises PretrainedError for a network with
    pooling that pads with strides.
    """
    if found.pads == "keras":
        return network
    layers: list[AnyLayer] = []
    for node in network.nodes():
        layer = node.layer
        if isinstance(layer, BatchNorm):
            layers.append(layer.model_copy(update={"epsilon": TORCH_EPSILON}))
        elif isinstance(layer, ZeroPadding):
            sides = tuple((max(pair), max(pair)) for pair in layer.padding)
            layers.append(layer.model_copy(update={"padding": sides}))
        elif isinstance(layer, Pool) and layer.padding == "same" and max(layer.strides) > 1:
            raise PretrainedError(
                f"{found.base} pads for pooling as TensorFlow does, so that arrays from PyTorch "
                "would see other pixels: use Keras's",
                "weights",
            )
        elif isinstance(layer, Conv | DepthwiseConv) and _pads(layer):
            layers += _padded(layer)
        else:
            layers.append(layer)  # type: ignore[arg-type]
    return network.model_copy(update={"layers": tuple(layers)})


def _pads(layer: Conv | DepthwiseConv) -> bool:
    return layer.padding == "same" and max(layer.stride) > 1 and max(layer.kernel) > 1


def _padded(layer: Conv | DepthwiseConv) -> tuple[ZeroPadding, Conv | DepthwiseConv]:
    """Zeros of the same width on both sides, and the convolution without its own."""
    height, width = (side // 2 for side in layer.kernel)
    name = f"{layer.name}_pad"
    zeros = ZeroPadding(padding=((height, height), (width, width)), name=name, inputs=layer.inputs)
    return zeros, layer.model_copy(update={"padding": "valid", "inputs": (name,)})
