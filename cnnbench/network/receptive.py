"""What a unit of each layer sees of the image."""

from __future__ import annotations

from dataclasses import dataclass

from cnnbench.network.layers import Conv, Dense, GlobalAveragePool, Pair, Pool
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
    """The receptive field of a unit of each layer.

    A window of k units that look `stride` pixels apart widens the field by (k - 1) * stride
    (Araujo, Norris and Sim 2019, eq. 2). A dense layer and global pooling see everything.
    """
    everything = Receptive(network.input_shape[:2], None)
    field = Receptive((1, 1), (1, 1))
    fields: list[Receptive] = []
    for layer in network.layers:
        match layer:
            case Conv():
                field = _widen(field, layer.kernel, layer.stride)
            case Pool():
                field = _widen(field, layer.size, layer.strides)
            case Dense() | GlobalAveragePool():
                field = everything
            case _:
                pass
        fields.append(field)
    return tuple(fields)


def _widen(field: Receptive, window: Pair, stride: Pair) -> Receptive:
    assert field.stride is not None, "no window slides over a vector"
    (height, width), (down, right) = field.size, field.stride
    return Receptive(
        size=(height + (window[0] - 1) * down, width + (window[1] - 1) * right),
        stride=(down * stride[0], right * stride[1]),
    )
