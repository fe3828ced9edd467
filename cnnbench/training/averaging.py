"""The mean of the weights that training passes through."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batches
from cnnbench.network.layers import BatchNorm
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Model
from cnnbench.recipe.training import Averaging

STANDSTILL = 1e-30
"""A learning rate that moves no weight by anything that float32 shows."""


class Average:
    """The mean of the weights after the epochs of one training, each epoch added as it ends.

    With n epochs in it, the next one changes it by 1 / (n + 1) of the distance (swa: Izmailov et
    al. 2018, algorithm 1, with a cycle of one epoch), or by 1 - momentum of it (ema; the first
    epoch is what it starts from, as the first step is in Keras).
    """

    def __init__(self, spec: Averaging, epochs: int) -> None:
        self._spec = spec
        self._first = spec.first(epochs)
        self._count = 0
        self._means: dict[str, NDArray[np.float64]] = {}

    def takes(self, epoch: int) -> bool:
        """Whether the weights after an epoch, counted from 1, belong to it."""
        return self._spec.active and epoch >= self._first

    def add(self, weights: Weights) -> None:
        """Count the weights after an epoch that belongs to it."""
        share = 1 / (self._count + 1)
        if self._spec.kind == "ema" and self._count:
            share = 1 - self._spec.momentum
        self._count += 1
        for name, array in weights.items():
            mean = self._means.setdefault(name, array.astype(np.float64))
            mean += share * (array - mean)

    @property
    def weights(self) -> Weights:
        """The mean, empty where nothing is averaged."""
        return {name: mean.astype(np.float32) for name, mean in self._means.items()}


def measured_layers(network: Network, frozen: Collection[str]) -> dict[str, BatchNorm]:
    """The layers, by name, whose moving statistics follow the images of training."""
    return {
        name: layer
        for name, layer in network.named_layers()
        if isinstance(layer, BatchNorm) and name not in frozen and layer.momentum < 1
    }


def with_statistics(
    weights: Weights, layers: dict[str, BatchNorm], model: Model, batches: Batches
) -> Weights:
    """The weights, with statistics of batch normalisation as one pass in training finds them.

    The mean of statistics is not that of the network with mean weights, so they are measured anew
    (Izmailov et al. 2018, section 3.2). They start from 0 here, so that after k batches they are
    too small by a factor of 1 - momentum^k. model: newly built, as what an optimiser remembers
    would move the weights meanwhile. layers: as of `measured_layers`.
    """
    names = {f"{name}/{part}": name for name in layers for part in ("mean", "variance")}
    model.set_weights({**weights, **{name: np.zeros_like(weights[name]) for name in names}})
    model.train_epoch(batches, STANDSTILL)
    moved = model.get_weights()
    measured = {
        name: moved[name] / np.float32(1 - layers[layer].momentum ** len(batches))
        for name, layer in names.items()
    }
    return {**weights, **measured}
