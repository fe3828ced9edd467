"""Writing a network as Keras saves its models."""

from __future__ import annotations

from pathlib import Path

import keras

from cnnbench.plugin import Network, Optimization, Weights
from cnnbench_keras._network import build_keras


def save_keras(network: Network, weights: Weights, path: Path) -> None:
    """Save a model whose layers are all Keras's own, with the probabilities as its output."""
    built = build_keras(network, Optimization(), seed=0, initializer="zeros", portable=True)
    built.set_weights(weights)
    function = "sigmoid" if network.output == "sigmoid" else "softmax"
    outputs = keras.layers.Activation(function, name="probabilities")(built.model.output)
    keras.Model(built.model.input, outputs, name="winner").save(path)
