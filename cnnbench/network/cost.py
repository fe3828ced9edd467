"""How many weights a network has, and how much arithmetic one image takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from cnnbench.network.layers import Conv, Dense, Layer
from cnnbench.network.network import Network, Shape
from cnnbench.network.shapes import layer_shapes
from cnnbench.network.weights import MOVING_STATISTICS, weight_shapes


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a layer or a network.

    parameters: every number in its arrays; trainable_parameters: without moving statistics. flops:
    twice the multiply-adds of convolutions and dense layers for one image's prediction, with those
    on padding, without biases and activations.
    """

    parameters: int
    trainable_parameters: int
    flops: int

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.parameters + other.parameters,
            self.trainable_parameters + other.trainable_parameters,
            self.flops + other.flops,
        )


def layer_costs(network: Network) -> tuple[Cost, ...]:
    """The cost of each layer. Raises NetworkError where a layer can't take its input."""
    sizes: dict[str, list[tuple[str, int]]] = {}
    for array, shape in weight_shapes(network).items():
        layer_name, _, part = array.partition("/")
        sizes.setdefault(layer_name, []).append((part, prod(shape)))
    shapes = (network.input_shape, *layer_shapes(network))
    costs = []
    for index, (name, layer) in enumerate(network.named_layers()):
        arrays = sizes.get(name, [])
        costs.append(
            Cost(
                parameters=sum(size for _, size in arrays),
                trainable_parameters=sum(n for part, n in arrays if part not in MOVING_STATISTICS),
                flops=_flops(layer, shapes[index], shapes[index + 1]),
            )
        )
    return tuple(costs)


def _flops(layer: Layer, inputs: Shape, outputs: Shape) -> int:
    match layer:
        case Conv():
            return 2 * prod(outputs) * prod(layer.kernel) * inputs[-1]
        case Dense():
            return 2 * prod(outputs) * inputs[-1]
        case _:
            return 0
