"""From a network to a Keras model, and its arrays by their canonical names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnnbench.plugin import INPUT, Network, Optimization, Weights, penalized_kernels
from cnnbench_keras._layers import Making, keras_layer

VECTOR = 2
"""Axes of a batch of vectors."""
_PARTS = {
    "kernel": "kernel",
    "bias": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "mean": "moving_mean",
    "variance": "moving_variance",
}
"""Canonical names of arrays, and the attributes that hold them in Keras's layers."""


@dataclass(frozen=True, slots=True)
class KerasNetwork:
    """A built Keras model whose output is the scores (logits), float32.

    variables: every array by canonical name. penalties: the regulariser of each penalised kernel,
    by the kernel's name; a frozen kernel's penalty counts too, though its gradient is not taken.
    seeds: the state of each dropout layer's random numbers, by the layer's name.
    """

    model: Any
    variables: dict[str, Any]
    penalties: dict[str, Callable[[Any], Any]]
    seeds: dict[str, Any]

    def get_weights(self) -> Weights:
        """A copy of every array."""
        return {
            name: np.array(keras.ops.convert_to_numpy(variable), np.float32)
            for name, variable in self.variables.items()
        }

    def set_weights(self, weights: Weights) -> None:
        """Replace every array. Raises KeyError for a missing name, ValueError for another shape."""
        for name, variable in self.variables.items():
            variable.assign(weights[name])


def blank(shape: tuple[int, ...], dtype: str | None = None) -> Any:
    """Zeros where weights will be, from NumPy: nothing is drawn only to be replaced."""
    return np.zeros(shape, dtype)


def build_keras(
    network: Network,
    optimization: Optimization,
    seed: int,
    *,
    data_format: str = "channels_last",
    initializer: Callable[..., Any] | str = blank,
    portable: bool = False,
) -> KerasNetwork:
    """The network in Keras, its dropout seeded, its frozen layers not trainable, without weights.

    data_format: "channels_last" or "channels_first", how maps lie in memory between the layers; the
    input is NHWC and the kernels are (height, width, in, out) either way. portable: of layers of
    Keras alone, to be saved for others.
    """
    mixed = optimization.precision == "bfloat16"
    policy = "mixed_bfloat16" if mixed else "float32"
    images = keras.Input(network.input_shape, dtype="float32", name="cnnbench.images")
    made = {INPUT: images}
    turned = data_format == "channels_first"
    if turned:
        turn = keras.layers.Permute((3, 1, 2), dtype=policy, name="cnnbench.channels_first")
        made[INPUT] = turn(images)
    layers: dict[str, Any] = {}
    for node in network.nodes():
        name, layer = node.name, node.layer
        common = {"name": name, "dtype": policy, "trainable": name not in optimization.frozen}
        seeded = layer_seed(seed, name)
        making = Making(node, common, data_format, seeded, initializer, portable)
        layers[name] = keras_layer(making)
        inputs = [made[other] for other in layer.inputs]
        made[name] = layers[name](inputs if layer.joins else inputs[0])
    outputs = made[name]
    if turned and network.output == "features" and len(outputs.shape) > VECTOR:
        back = keras.layers.Permute((2, 3, 1), dtype=policy, name="cnnbench.channels_last")
        outputs = back(outputs)
    if mixed:
        whole = keras.layers.Activation("linear", dtype="float32", name="cnnbench.scores")
        outputs = whole(outputs)
    model = keras.Model(images, outputs)
    penalties = {
        name: keras.regularizers.L1L2(*both) for name, both in penalized_kernels(network).items()
    }
    seeds = {
        name: layer.seed_generator.state
        for name, layer in layers.items()
        if isinstance(layer, keras.layers.Dropout) and layer.rate
    }
    return KerasNetwork(model, dict(_named_variables(layers)), penalties, seeds)


def _named_variables(layers: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, layer in layers.items():
        for part, attribute in _PARTS.items():
            if layer.weights and getattr(layer, attribute, None) is not None:
                yield f"{name}/{part}", getattr(layer, attribute)


def layer_seed(seed: int, name: str) -> int:
    """A 31-bit seed for each layer.

    Hashed rather than counted: Keras on torch adds the number of the call to the seed, so that
    layers with neighbouring seeds would repeat each other's masks one step later.
    """
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
