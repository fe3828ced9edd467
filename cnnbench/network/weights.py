"""The arrays of a network: their shapes, and initial values that every backend starts from."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.layers import Array, Shape
from cnnbench.network.network import Network, Weights

T = TypeVar("T")

MOVING_STATISTICS = frozenset({"mean", "variance"})
"""Arrays that no gradient moves, by the part of their name after the slash."""


def weight_shapes(network: Network) -> dict[str, Shape]:
    """The shape of every array by its canonical name, in the order of the layers.

    Raises NetworkError where a layer can't take its input.
    """
    return {name: array.shape for name, array in _arrays(network).items()}


def by_layer(arrays: Mapping[str, T]) -> dict[str, dict[str, T]]:
    """The arrays of each layer that has some, by the part of their name after the slash."""
    layers: dict[str, dict[str, T]] = {}
    for name, array in arrays.items():
        layer, _, part = name.partition("/")
        layers.setdefault(layer, {})[part] = array
    return layers


def trainable_arrays(network: Network, frozen: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The names of the arrays that a gradient moves, where the layers in `frozen` stay put."""
    split = {name: name.partition("/") for name in weight_shapes(network)}
    return tuple(
        name
        for name, (layer, _, part) in split.items()
        if layer not in frozen and part not in MOVING_STATISTICS
    )


def penalized_kernels(network: Network) -> dict[str, tuple[float, float]]:
    """(l1, l2) of each kernel that has a penalty, by its name."""
    return {
        f"{name}/kernel": layer.penalty
        for name, layer in network.named_layers()
        if any(layer.penalty)
    }


def initial_weights(network: Network, seed: int) -> Weights:
    """Initial values by the initialisers that Keras uses by default.

    Kernels: uniform in +-sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16), where the
    fans of a convolution count its window. Biases, beta and moving mean 0; gamma and moving
    variance 1.

    Each array comes from a random stream of its own, made from the seed and its name, so that a
    layer added elsewhere leaves it alone. The output layer's stream is called "output": variants
    with other hidden layers share it where the shapes agree.
    """
    *_, (output, _) = network.named_layers()
    weights: dict[str, NDArray[np.float32]] = {}
    for name, array in _arrays(network).items():
        layer, _, part = name.partition("/")
        if array.initial is not None:
            weights[name] = np.full(array.shape, array.initial, np.float32)
        else:
            stream = f"output/{part}" if layer == output else name
            weights[name] = _glorot_uniform(array.shape, _generator(seed, stream))
    return weights


def _arrays(network: Network) -> dict[str, Array]:
    return {
        f"{node.name}/{part}": array
        for node in network.nodes()
        for part, array in node.layer.arrays(*node.inputs).items()
    }


def _generator(seed: int, stream: str) -> np.random.Generator:
    """A generator that depends on the seed and the name only, on any machine."""
    digest = hashlib.sha256(f"{seed}:{stream}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def _glorot_uniform(shape: Shape, generator: np.random.Generator) -> NDArray[np.float32]:
    window = math.prod(shape[:-2])
    limit = np.float32(math.sqrt(6 / (window * (shape[-2] + shape[-1]))))
    return (2 * generator.random(shape, np.float32) - 1) * limit
