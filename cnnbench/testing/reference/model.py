"""The reference as a whole: a network with its arrays, its optimiser and its random numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batch, Labels
from cnnbench.network.layers import INPUT
from cnnbench.network.network import Network, Weights
from cnnbench.testing.reference.activations import ActivateNode
from cnnbench.testing.reference.convolution import ConvNode, DepthwiseConvNode
from cnnbench.testing.reference.joining import AddNode, ConcatenateNode, MultiplyNode
from cnnbench.testing.reference.node import AnyNode, Array
from cnnbench.testing.reference.normalization import BatchNormNode, RescalingNode
from cnnbench.testing.reference.optimizers import RULES, Rule, clipped
from cnnbench.testing.reference.outputs import Features, Output, Sigmoid, Softmax
from cnnbench.testing.reference.pooling import GlobalAveragePoolNode, GlobalMaxPoolNode, PoolNode
from cnnbench.testing.reference.vectors import (
    DenseNode,
    DropoutNode,
    FlattenNode,
    StochasticDepthNode,
    ZeroPaddingNode,
)
from cnnbench.trials.optimization import Optimization

NODES: Mapping[str, type[AnyNode[Any]]] = {
    "conv": ConvNode,
    "depthwise_conv": DepthwiseConvNode,
    "pool": PoolNode,
    "batch_norm": BatchNormNode,
    "activation": ActivateNode,
    "dropout": DropoutNode,
    "stochastic_depth": StochasticDepthNode,
    "flatten": FlattenNode,
    "global_average_pool": GlobalAveragePoolNode,
    "global_max_pool": GlobalMaxPoolNode,
    "dense": DenseNode,
    "rescaling": RescalingNode,
    "zero_padding": ZeroPaddingNode,
    "add": AddNode,
    "concatenate": ConcatenateNode,
    "multiply": MultiplyNode,
}
OUTPUTS: Mapping[str, type[Output]] = {
    "softmax": Softmax,
    "sigmoid": Sigmoid,
    "features": Features,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One batch of training. loss: sum of weight * loss over its images, without the penalty."""

    loss: float
    penalty: float
    correct: int
    count: int


class Reference:
    """A network that computes in float64; `step` trains on a batch, `predict` looks."""

    nodes_of: ClassVar[Mapping[str, type[AnyNode[Any]]]] = NODES
    rules: ClassVar[Mapping[str, type[Rule]]] = RULES
    outputs: ClassVar[Mapping[str, type[Output]]] = OUTPUTS

    def __init__(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int = 0
    ) -> None:
        generator = np.random.default_rng(seed)
        self.nodes: dict[str, AnyNode[Any]] = {
            name: self.nodes_of[layer.type](
                layer,
                {
                    part: np.asarray(array, np.float64)
                    for owner, _, part, array in _split(weights)
                    if owner == name
                },
                frozen=name in optimization.frozen,
                generator=generator,
            )
            for name, layer in network.named_layers()
        }
        self.rule = self.rules[optimization.optimizer](optimization)
        self.output = self.outputs[network.output]()

    def get_weights(self) -> dict[str, Array]:
        """Every array by its canonical name, float64."""
        return {
            f"{name}/{part}": array.copy()
            for name, node in self.nodes.items()
            for part, array in node.arrays.items()
        }

    def set_weights(self, weights: Weights) -> None:
        """Replace every array; the optimiser's state stays."""
        for owner, _, part, array in _split(weights):
            self.nodes[owner].arrays[part] = np.array(array, np.float64)

    def scores(self, images: NDArray[np.floating[Any]], *, training: bool = False) -> Array:
        """The logits, shape (n, units)."""
        made = {INPUT: np.asarray(images, np.float64)}
        for name, node in self.nodes.items():
            inputs = [made[other] for other in node.layer.inputs]
            made[name] = node.ahead(inputs, training=training)
        return made[name]

    def predict(self, images: NDArray[np.floating[Any]]) -> Array:
        """Probabilities, shape (n, units)."""
        return self.output.probabilities(self.scores(images))

    def step(self, batch: Batch, lr: float) -> Step:
        """One optimiser step on a batch, and what its forward pass found."""
        images, labels, weights = batch
        scores = self.scores(images, training=True)
        losses = weights * self.output.losses(scores, labels)
        penalty = self.penalty()
        self.backward(self.weighted_slopes(scores, labels, weights))
        self.rule.begin_step()
        for key, gradient in self.clip(self.gradients()).items():
            owner, _, part = key.partition("/")
            arrays = self.nodes[owner].arrays
            arrays[part] = self.rule.move(key, arrays[part], gradient, lr)
        correct = int(self.output.hits(scores, labels).sum())
        return Step(float(losses.sum()), penalty, correct, len(labels))

    def gradients(self) -> Mapping[str, Array]:
        """Of the objective, by every array that moves."""
        return {
            f"{name}/{part}": node.gradients[part] + self.penalty_slope(node, part)
            for name, node in self.trained()
            for part in node.trainable
            if part in node.arrays
        }

    def clip(self, gradients: Mapping[str, Array]) -> Mapping[str, Array]:
        """The gradients as the rule takes them."""
        return clipped(gradients, self.rule.optimization.global_clipnorm)

    def trained(self) -> Iterator[tuple[str, AnyNode[Any]]]:
        """The layers whose arrays move."""
        return ((name, node) for name, node in self.nodes.items() if not node.frozen)

    def weighted_slopes(self, scores: Array, labels: Labels, weights: NDArray[np.float32]) -> Array:
        """The derivative of sum(weight * loss) / n by the scores: n counts images, not weights."""
        return self.output.slopes(scores, labels) * weights[:, None] / len(labels)

    def image_gradients(self, images: NDArray[np.floating[Any]], slopes: Array) -> Array:
        """The derivative of sum(slopes * scores) by each image, as in prediction."""
        self.scores(images)
        return self.backward(slopes)

    def backward(self, slope: Array) -> Array:
        """Fill the gradients of every layer; returns that of the images."""
        *_, last = self.nodes
        slopes = {last: slope}
        for name, node in reversed(self.nodes.items()):
            for other, part in zip(node.layer.inputs, self.below(node, slopes[name]), strict=True):
                # What several layers take gets the sum of what they send back.
                slopes[other] = slopes[other] + part if other in slopes else part
        return slopes[INPUT]

    def below(self, node: AnyNode[Any], slope: Array) -> Sequence[Array]:
        """What a layer sends back to its inputs."""
        return node.back(slope)

    def penalty(self) -> float:
        """l1 * sum|w| + l2 * sum w^2 over all kernels."""
        return float(
            sum(
                l1 * np.abs(kernel).sum() + l2 * (kernel**2).sum()
                for l1, l2, kernel in self.penalized()
            )
        )

    def penalized(self) -> Iterator[tuple[float, float, Array]]:
        """(l1, l2, kernel) of every layer with a kernel."""
        for node in self.nodes.values():
            if "kernel" in node.arrays:
                yield *node.layer.penalty, node.arrays["kernel"]

    def penalty_slope(self, node: AnyNode[Any], part: str) -> Array | float:
        """The penalty's gradient by one array; biases have none."""
        if part != "kernel":
            return 0.0
        (l1, l2), kernel = node.layer.penalty, node.arrays["kernel"]
        slope: Array = l1 * np.sign(kernel) + 2 * l2 * kernel
        return slope


def _split(weights: Weights) -> Iterator[tuple[str, str, str, NDArray[np.float32]]]:
    """("conv_1", "/", "kernel", array) of each array."""
    return ((*name.partition("/"), array) for name, array in weights.items())
