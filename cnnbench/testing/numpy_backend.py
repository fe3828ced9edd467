"""A complete backend in NumPy: the executable specification, and far too slow for real use.

Read it beside `cnnbench.plugin.backend`: what a backend must do, and nothing else, is here. The
arithmetic itself is in `cnnbench.testing.reference`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batches
from cnnbench.errors import PluginError
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import (
    Availability,
    Backend,
    Capabilities,
    Engine,
    EpochResult,
    Model,
)
from cnnbench.plugin.stacked import ModelLoop, StackedModel
from cnnbench.testing.reference import Reference
from cnnbench.trials.optimization import Optimization


class NumpyModel(Model):
    """The reference behind the interface: float32 outside, float64 inside."""

    reference: ClassVar[type[Reference]] = Reference

    def __init__(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int
    ) -> None:
        self.inner = self.reference(network, weights, optimization, seed)

    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """One step a batch; the sums are divided by what they count."""
        steps = [self.inner.step(batch, learning_rate) for batch in batches]
        count = sum(step.count for step in steps)
        return EpochResult(
            loss=sum(step.loss for step in steps) / count,
            penalty=sum(step.penalty for step in steps) / len(steps),
            correct=sum(step.correct for step in steps),
            count=count,
        )

    def predict(self, batches: Batches) -> NDArray[np.float32]:
        """Probabilities, batch by batch in the order of the pass."""
        return np.concatenate(
            [self.inner.predict(batch.images).astype(np.float32) for batch in batches]
        )

    def gradients(
        self, images: NDArray[np.float32], slopes: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The way back of prediction, down to the images."""
        return self.inner.image_gradients(images, slopes.astype(np.float64)).astype(np.float32)

    def get_weights(self) -> Weights:
        """Copies in float32."""
        return {name: array.astype(np.float32) for name, array in self.inner.get_weights().items()}

    def set_weights(self, weights: Weights) -> None:
        """Replace every array."""
        self.inner.set_weights(weights)


class NumpyEngine(Engine):
    """NumPy on the CPU."""

    model: ClassVar[type[NumpyModel]] = NumpyModel
    versions: Mapping[str, str] = {"numpy": np.__version__}
    device = "cpu"

    def build(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int
    ) -> Model:
        """A model with these weights."""
        return self.model(network, weights, optimization, seed)

    def build_stacked(
        self,
        network: Network,
        weights: Sequence[Weights],
        optimization: Optimization,
        seeds: Sequence[int],
    ) -> StackedModel:
        """One after the other: what a stack computes is what its replicates do alone."""
        models = [
            self.build(network, each, optimization, seed)
            for each, seed in zip(weights, seeds, strict=True)
        ]
        return ModelLoop(models)


class NumpyBackend(Backend):
    """The executable specification of a backend."""

    name: ClassVar[str] = "numpy"
    title: ClassVar[str] = "NumPy reference"
    capabilities: ClassVar[Capabilities] = Capabilities(stacked=True, gradients=True)
    engine: ClassVar[type[NumpyEngine]] = NumpyEngine

    def check(self) -> Availability:
        """NumPy is a dependency of cnnbench, so it is always there."""
        return Availability(available=True, versions=NumpyEngine.versions, devices=("cpu",))

    def open(self, device: str, threads: int) -> Engine:  # noqa: ARG002 - set by the environment
        """NumPy has no other device than the CPU."""
        if device == "gpu":
            raise PluginError("backend numpy has no gpu: choose --device cpu")
        return self.engine()
