"""What a unit of each layer sees of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnbench.network.layers import INPUT, Pair, View
from cnnbench.network.network import Network


@dataclass(frozen=True, slots=True)
class Receptive:
    """Input pixels that one unit sees, (height, width).

    size: extent of what it sees, padding included, so that it may exceed the image. stride: how far
    apart in the image two neighbouring units look; None of a unit that sees the whole image.
    """

    size: Pair
    stride: Pair | None


def receptive_fields(network: Network) -> tuple[Receptive, ...]:
    """The receptive field of a unit of each layer, the largest over all paths from the image.

    A window of k units that look `stride` pixels apart widens the field by (k - 1) * stride
    (Araujo, Norris and Sim 2019, eq. 2). A dense layer and global pooling see everything.
    """
    everything = Receptive(network.input_shape[:2], None)
    fields = {INPUT: Receptive((1, 1), (1, 1))}
    for name, layer in network.named_layers():
        field = _largest([fields[other] for other in layer.inputs], everything)
        view = layer.view
        fields[name] = everything if view is None else _widen(field, view)
    return tuple(fields.values())[1:]


def _largest(fields: Sequence[Receptive], everything: Receptive) -> Receptive:
    """What a unit sees that looks at a unit of each."""
    strides = [field.stride for field in fields if field.stride is not None]
    if len(strides) < len(fields):
        return everything
    heights, widths = zip(*(field.size for field in fields), strict=True)
    down, right = zip(*strides, strict=True)
    return Receptive((max(heights), max(widths)), (max(down), max(right)))


def _widen(field: Receptive, view: View) -> Receptive:
    if field.stride is None:
        return field
    (height, width), (down, right) = field.size, field.stride
    return Receptive(
        size=(height + (view.size[0] - 1) * down, width + (view.size[1] - 1) * right),
        stride=(down * view.stride[0], right * view.stride[1]),
    )
