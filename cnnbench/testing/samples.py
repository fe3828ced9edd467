"""Small networks, weights and images that the checks share, so that backends compile few shapes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Labels
from cnnbench.network.layers import Activate, AnyLayer, Conv, Dense, Flatten, GlobalAveragePool
from cnnbench.network.network import Network, Weights
from cnnbench.network.weights import weight_shapes
from cnnbench.plugin.backend import Capabilities
from cnnbench.testing.batches import ArrayBatches

SHAPE = (8, 7, 2)
CLASSES = 3
RATES = {
    "sgd": 0.1,
    "momentum": 0.1,
    "rmsprop": 0.01,
    "adam": 0.01,
    "adamw": 0.01,
    "nadam": 0.01,
    "adagrad": 0.1,
    "adamax": 0.01,
    "lion": 0.001,
}
"""A learning rate for each optimiser, from the plainest on."""


def network(
    *layers: AnyLayer,
    shape: tuple[int, int, int] = SHAPE,
    classes: int = CLASSES,
    sigmoid: bool = False,
) -> Network:
    """The layers with an output on top."""
    units = 1 if sigmoid else classes
    return Network(
        input_shape=shape,
        layers=(*layers, Dense(units=units, activation="linear")),
        classes=2 if sigmoid else classes,
        output="sigmoid" if sigmoid else "softmax",
    )


SMALL = network(Conv(filters=3, activation="linear", stride=(2, 2)), Flatten())
"""For all that is not about layers. linear: every backend has it, and it hides nothing."""
LARGER = network(
    Conv(filters=4, stride=(3, 3), activation="linear"),
    Flatten(),
    Dense(units=256, activation="linear"),
    shape=(12, 12, 2),
)
"""For what shows in sizes and times."""
SIGMOID = network(*SMALL.layers[:-1], sigmoid=True)


def reduce_network(network: Network, capabilities: Capabilities) -> Network:
    """The network without what is declared as missing, so that the rest of it is checked."""
    layers = (_reduce_layer(layer, capabilities) for layer in network.layers)
    return network.model_copy(update={"layers": tuple(filter(None, layers))})


def _reduce_layer(layer: AnyLayer, capabilities: Capabilities) -> AnyLayer | None:
    match layer:
        case Dense() | Conv() if layer.activation not in capabilities.activations:
            layer = layer.model_copy(update={"activation": "linear"})
        case Activate() if layer.function not in capabilities.activations:
            return None
        case Flatten() if "flatten" not in capabilities.layers:
            # Something has to turn the map into a vector.
            return GlobalAveragePool()
        case _:
            pass
    fields = type(layer).model_fields
    lacking = layer.options - capabilities.options
    layer = layer.model_copy(update={option: fields[option].default for option in lacking})
    # Every network ends in a dense layer: without it there is nothing to check.
    return layer if layer.type in {*capabilities.layers, "dense"} else None


def random_weights(network: Network, seed: int = 0) -> Weights:
    """Every array away from its usual start, so that each bias, gamma and variance counts."""
    rng = np.random.default_rng(seed)
    return {
        name: _draw(rng, name.partition("/")[2], shape).astype(np.float32)
        for name, shape in weight_shapes(network).items()
    }


def _draw(rng: np.random.Generator, part: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    noise = rng.standard_normal(shape)
    match part:
        case "kernel":
            return noise / math.sqrt(math.prod(shape[:-1]))
        case "variance":
            return rng.uniform(0.5, 2.0, shape)
        case "gamma":
            return 1 + 0.3 * noise
        case _:
            return 0.3 * noise


def batches(
    network: Network,
    count: int = 6,
    *,
    batch_size: int = 6,
    weighted: bool = False,
    soft: bool = False,
    seed: int = 0,
) -> ArrayBatches:
    """Random images and labels for a network.

    weighted: with sample weights, a zero among them. soft: labels are probabilities, some of them 0
    or 1.
    """
    rng = np.random.default_rng([seed, count])
    weights = rng.uniform(0.2, 3.0, count).astype(np.float32)
    weights[0] = 0.0
    images = rng.standard_normal((count, *network.input_shape)).astype(np.float32)
    labels: Labels = rng.integers(0, max(network.classes, 1), count).astype(np.int32)
    if soft:
        labels = rng.dirichlet(np.ones(network.classes), count).astype(np.float32)
        labels[::3] = np.eye(network.classes)[labels[::3].argmax(axis=1)]
    return ArrayBatches(
        images,
        labels,
        weights=weights if weighted else None,
        batch_size=batch_size,
    )
