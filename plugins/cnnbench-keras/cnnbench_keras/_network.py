"""From a network to a Keras model, and its arrays by their canonical names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from cnnbench.network.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    Pool,
)
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Optimization
from cnnbench_keras._pooling import pooling

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
    initializer: Callable[..., Any] = blank,
) -> KerasNetwork:
    """The network in Keras, its dropout seeded, its frozen layers not trainable, without weights.

    data_format: "channels_last" or "channels_first", how maps lie in memory between the layers; the
    input is NHWC and the kernels are (height, width, in, out) either way.
    """
    mixed = optimization.precision == "bfloat16"
    policy = "mixed_bfloat16" if mixed else "float32"
    inputs = keras.Input(network.input_shape, dtype="float32")
    outputs = inputs
    if data_format == "channels_first":
        outputs = keras.layers.Permute((3, 1, 2), dtype=policy, name="to_channels_first")(outputs)
    layers: dict[str, Any] = {}
    for name, layer in network.named_layers():
        common = {"name": name, "dtype": policy, "trainable": name not in optimization.frozen}
        made = _keras_layer(layer, common, data_format, layer_seed(seed, name), initializer)
        layers[name] = made
        outputs = made(outputs)
    if mixed:
        outputs = keras.layers.Activation("linear", dtype="float32", name="scores")(outputs)
    model = keras.Model(inputs, outputs)
    penalties = {
        f"{name}/kernel": keras.regularizers.L1L2(layer.l1, layer.l2)
        for name, layer in network.named_layers()
        if isinstance(layer, Conv | Dense) and (layer.l1 or layer.l2)
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
            if layer.weights and hasattr(layer, attribute):
                yield f"{name}/{part}", getattr(layer, attribute)


def layer_seed(seed: int, name: str) -> int:
    """A 31-bit seed for each layer.

    Hashed rather than counted: Keras on torch adds the number of the call to the seed, so that
    layers with neighbouring seeds would repeat each other's masks one step later.
    """
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def _keras_layer(
    layer: Layer,
    common: dict[str, Any],
    data_format: str,
    seed: int,
    initializer: Callable[..., Any],
) -> Any:
    """The Keras layer of the same meaning; penalties are the training step's business."""
    maps = common | {"data_format": data_format}
    arrays = {"kernel_initializer": initializer, "bias_initializer": initializer}
    made: Any
    match layer:
        case Conv():
            made = keras.layers.Conv2D(
                layer.filters,
                layer.kernel,
                layer.stride,
                layer.padding,
                activation=layer.activation,
                **arrays,
                **maps,
            )
        case Pool():
            made = pooling(layer, data_format, common)
        case BatchNorm():
            axis = 1 if data_format == "channels_first" else -1
            made = keras.layers.BatchNormalization(
                axis=axis,
                momentum=layer.momentum,
                epsilon=layer.epsilon,
                beta_initializer=initializer,
                gamma_initializer=initializer,
                moving_mean_initializer=initializer,
                moving_variance_initializer=initializer,
                **common,
            )
        case Activate():
            made = keras.layers.Activation(layer.function, **common)
        case Dropout():
            made = keras.layers.Dropout(layer.rate, seed=seed, **common)
        case Flatten():
            made = keras.layers.Flatten(**maps)
        case GlobalAveragePool():
            made = keras.layers.GlobalAveragePooling2D(**maps)
        case Dense():
            made = keras.layers.Dense(layer.units, activation=layer.activation, **arrays, **common)
        case _:
            raise AssertionError(f"capabilities do not name {layer!r}")
    return made
