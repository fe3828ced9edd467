"""How many weights a network has, and how much arithmetic one image takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from cnnbench.network.network import Network, Node
from cnnbench.network.weights import MOVING_STATISTICS


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
    return tuple(node_cost(node) for node in network.nodes())


def node_cost(node: Node) -> Cost:
    """The cost of a layer in its place."""
    sizes = {part: prod(x.shape) for part, x in node.layer.arrays(*node.inputs).items()}
    return Cost(
        parameters=sum(sizes.values()),
        trainable_parameters=sum(n for part, n in sizes.items() if part not in MOVING_STATISTICS),
        flops=node.layer.flops(*node.inputs),
    )
