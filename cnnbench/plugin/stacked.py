"""Models of one network trained as one program: what a backend may offer beside single models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batches
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Engine, EpochResult, Model
from cnnbench.plugin.resident import ResidentSplits
from cnnbench.plugin.steps import device_batches, epoch_result
from cnnbench.trials.optimization import Optimization

Passes = Mapping[int, Batches]
"""By the number of the replicate, counted from 0; all of the same size, in batches as large."""


class StackedModel(ABC):
    """Replicates of one network, each with weights, optimiser state and dropout of its own.

        stack = engine.build_stacked(network, [weights, weights], optimization, seeds=[1, 2])
        assert isinstance(stack, StackedModel)
        results = stack.train_epoch({0: batches, 1: others}, 0.5)
        one, two = stack.get_weights(0), stack.get_weights(1)

    A replicate is what `Engine.build` makes of the same weights and seed, to the rounding of
    float32: it takes its own batches, draws its own dropout, and nothing of another, NaN included,
    reaches it. One that has stopped is left out of the passes: its arrays count no more once the
    others have trained on.
    """

    def compile(self, passes: Passes) -> None:  # noqa: B027 - doing nothing is a fine default
        """As `Model.compile`."""

    @abstractmethod
    def train_epoch(self, passes: Passes, learning_rate: float) -> dict[int, EpochResult]:
        """Take one optimiser step a batch, in order, of each replicate that has a pass."""

    @abstractmethod
    def predict(self, passes: Passes) -> dict[int, NDArray[np.float32]]:
        """Probabilities of each pass as `Model.predict` gives them; changes no replicate."""

    @abstractmethod
    def get_weights(self, replicate: int) -> Weights:
        """Every array of one, copied, in the canonical layout."""

    @abstractmethod
    def set_weights(self, replicate: int, weights: Weights) -> None:
        """Replace every array of one; optimiser state stays."""

    def gradients(
        self, replicate: int, images: NDArray[np.float32], slopes: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """As `Model.gradients`, of one; asked only of a stack of one."""
        raise NotImplementedError(f"{type(self).__name__} has no gradients by its images")

    def synchronize(self) -> None:  # noqa: B027 - a CPU backend has nothing to wait for
        """As `Model.synchronize`."""


class StackedEngine(Engine):
    """An engine of a backend that writes its step once, for any number of replicates.

        class SketchStacks(StackedEngine):
            versions = {"framework": "1.2"}
            device = "cpu"

            def build_stacked(self, network, weights, optimization, seeds):
                return StackedSketch(weights)

        model = SketchStacks().build(network, weights, Optimization("sgd"), 0)
        result = model.train_epoch(batches, 0.5)

    Its models are stacks of one, which may have the output "features" as models may.
    """

    def build(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int
    ) -> Model:
        """A stack of one."""
        return Alone(self.build_stacked(network, [weights], optimization, [seed]))

    @abstractmethod
    def build_stacked(
        self,
        network: Network,
        weights: Sequence[Weights],
        optimization: Optimization,
        seeds: Sequence[int],
    ) -> StackedModel:
        """Replicates with these weights and seeds, one or more; nothing of earlier ones stays."""


class Alone(Model):
    """A stack of one replicate as a model: all that is asked of it the stack is asked of it."""

    def __init__(self, stack: StackedModel) -> None:
        self._stack = stack

    def compile(self, batches: Batches) -> None:
        """Of the one replicate."""
        self._stack.compile({0: batches})

    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """Of the one replicate."""
        return self._stack.train_epoch({0: batches}, learning_rate)[0]

    def predict(self, batches: Batches) -> NDArray[np.float32]:
        """Of the one replicate."""
        return self._stack.predict({0: batches})[0]

    def gradients(
        self, images: NDArray[np.float32], slopes: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Of the one replicate."""
        return self._stack.gradients(0, images, slopes)

    def get_weights(self) -> Weights:
        """Of the one replicate."""
        return self._stack.get_weights(0)

    def set_weights(self, weights: Weights) -> None:
        """Of the one replicate."""
        self._stack.set_weights(0, weights)

    def synchronize(self) -> None:
        """Of the one replicate."""
        self._stack.synchronize()


class ModelLoop(StackedModel):
    """Models one after the other: what a stack is held against."""

    def __init__(self, models: Sequence[Model]) -> None:
        self._models = models

    def compile(self, passes: Passes) -> None:
        """Each for itself."""
        for replicate, batches in passes.items():
            self._models[replicate].compile(batches)

    def train_epoch(self, passes: Passes, learning_rate: float) -> dict[int, EpochResult]:
        """One epoch of each."""
        return {
            replicate: self._models[replicate].train_epoch(batches, learning_rate)
            for replicate, batches in passes.items()
        }

    def predict(self, passes: Passes) -> dict[int, NDArray[np.float32]]:
        """One pass of each."""
        return {
            replicate: self._models[replicate].predict(batches)
            for replicate, batches in passes.items()
        }

    def get_weights(self, replicate: int) -> Weights:
        """Of one."""
        return self._models[replicate].get_weights()

    def set_weights(self, replicate: int, weights: Weights) -> None:
        """Of one."""
        self._models[replicate].set_weights(weights)

    def synchronize(self) -> None:
        """Wait for all."""
        for model in self._models:
            model.synchronize()


class StackedStepModel(StackedModel):
    """Takes `train_step` and `predict_step` over whole passes, as `StepModel` does.

        class StackedSketch(StackedStepModel):
            def __init__(self, weights):
                self.count = len(weights)
                self.arrays = [{} for _ in weights]
                for replicate, each in enumerate(weights):
                    self.set_weights(replicate, each)

            def put(self, array):
                return framework.put(array)

            def fetch(self, arrays):
                return framework.fetch(arrays)

            def train_step(self, images, labels, weights):
                return framework.step_all(self.arrays, images, labels, weights, self.learning_rate)

            def predict_step(self, images, batch_size):
                return framework.scores_all(self.arrays, images)

            def get_weights(self, replicate):
                return {name: array.copy() for name, array in self.arrays[replicate].items()}

            def set_weights(self, replicate, weights):
                self.arrays[replicate] = {name: array.copy() for name, array in weights.items()}

    A step takes images, labels and sample weights as sequences with an array of each replicate; one
    that has no pass gets those of another, and nobody looks at what comes of it.
    """

    count: int
    """Of replicates."""
    resident: ResidentSplits | None = None
    """Where whole splits are kept; None on a CPU, where there is nothing to save."""
    learning_rate: float
    """For the steps of this epoch, above zero."""

    def train_epoch(self, passes: Passes, learning_rate: float) -> dict[int, EpochResult]:
        """Take one optimiser step a batch, in order, of all replicates at once."""
        self.learning_rate = learning_rate
        totals = [self.train_step(*batch) for batch in self._on_device(passes)]
        sums = np.stack(self.fetch(totals)).astype(np.float64).sum(axis=0)
        return {
            replicate: epoch_result(sums[replicate], batches.size, len(totals))
            for replicate, batches in passes.items()
        }

    def predict(self, passes: Passes) -> dict[int, NDArray[np.float32]]:
        """Probabilities in the order of each pass."""
        batch_size = next(iter(passes.values())).batch_size
        outputs = [
            self.predict_step(images, batch_size) for images, _, _ in self._on_device(passes)
        ]
        whole = np.concatenate(self.fetch(outputs), axis=1)
        return {
            replicate: whole[replicate, : batches.size].astype(np.float32, copy=True)
            for replicate, batches in passes.items()
        }

    def _on_device(self, passes: Passes) -> Iterator[tuple[Sequence[Any], ...]]:
        """Images, labels and sample weights of each batch, each with an array of each replicate."""
        turns = [
            device_batches(batches, self.put, self.resident, models=self.count)
            for batches in passes.values()
        ]
        places = {replicate: place for place, replicate in enumerate(passes)}
        for batch in zip(*turns, strict=True):
            each = [batch[places.get(replicate, 0)] for replicate in range(self.count)]
            yield tuple(zip(*each, strict=True))

    @abstractmethod
    def put(self, array: NDArray[Any]) -> Any:
        """As `StepModel.put`."""

    @abstractmethod
    def fetch(self, arrays: Sequence[Any]) -> list[NDArray[Any]]:
        """As `StepModel.fetch`."""

    @abstractmethod
    def train_step(
        self, images: Sequence[Any], labels: Sequence[Any], weights: Sequence[Any]
    ) -> Any:
        """One optimiser step; on the device, (replicates, 3), what `StepModel.train_step` gives."""

    @abstractmethod
    def predict_step(self, images: Sequence[Any], batch_size: int) -> Any:
        """Probabilities on the device, (replicates, images, units), of as many or more images."""
