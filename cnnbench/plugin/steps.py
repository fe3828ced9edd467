"""A model of which a backend writes single steps; the passes over batches and totals are here."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batches
from cnnbench.plugin.backend import EpochResult, Model
from cnnbench.plugin.resident import ResidentSplits


class StepModel(Model):
    """Takes `train_step` and `predict_step` over whole passes.

        class StepwiseModel(StepModel):
            def __init__(self, weights, resident=None):
                self.resident = resident
                self.set_weights(weights)

            def put(self, array):
                return framework.put(array)

            def fetch(self, arrays):
                return framework.fetch(arrays)

            def train_step(self, images, labels, weights):
                step = framework.step(self.arrays, images, labels, weights, self.learning_rate)
                return framework.put(np.array([step.loss, 0.0, step.correct], np.float32))

            def predict_step(self, images, batch_size):
                return framework.scores(self.arrays, images)

            def get_weights(self):
                return {name: array.copy() for name, array in self.arrays.items()}

            def set_weights(self, weights):
                self.arrays = {name: array.copy() for name, array in weights.items()}

    Nothing waits for the device within a pass: each step leaves its results there, and they are
    fetched together at the end. A model that gains by another loop is a `Model` of its own.
    """

    resident: ResidentSplits | None = None
    """Where whole splits are kept; None on a CPU, where there is nothing to save."""
    learning_rate: float
    """For the steps of this epoch, above zero."""

    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """Take one optimiser step a batch, in order."""
        self.learning_rate = learning_rate
        given = device_batches(batches, self.put, self.resident)
        totals = [self.train_step(*batch) for batch in given]
        sums = np.stack(self.fetch(totals)).astype(np.float64).sum(axis=0)
        return epoch_result(sums, batches.size, len(totals))

    def predict(self, batches: Batches) -> NDArray[np.float32]:
        """Probabilities in the order of the pass."""
        outputs = [
            self.predict_step(images, batches.batch_size)
            for images, _, _ in device_batches(batches, self.put, self.resident)
        ]
        # What follows belongs to images that filled the last batch up.
        return np.concatenate(self.fetch(outputs))[: batches.size].astype(np.float32, copy=False)

    def gradients(
        self, images: NDArray[np.float32], slopes: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The derivative of sum(slopes * scores) by each image."""
        [found] = self.fetch([self.gradient_step(self.put(images), self.put(slopes))])
        return found.astype(np.float32, copy=False)

    @abstractmethod
    def put(self, array: NDArray[Any]) -> Any:
        """The array on the device; only read, and not after the step that it is put there for."""

    @abstractmethod
    def fetch(self, arrays: Sequence[Any]) -> list[NDArray[Any]]:
        """Arrays from the device, which are waited for."""

    @abstractmethod
    def train_step(self, images: Any, labels: Any, weights: Any) -> Any:
        """One optimiser step; returns three float32 on the device, computed before the update.

        They are sum(weight * loss) over the batch, the penalty, and the number of correct images.
        """

    @abstractmethod
    def predict_step(self, images: Any, batch_size: int) -> Any:
        """Probabilities on the device, shape (images, units of the last layer).

        A last batch smaller than batch_size may be filled up; the rows beyond it are dropped.
        """

    def gradient_step(self, images: Any, slopes: Any) -> Any:
        """What `gradients` gives of one batch, on the device; for those who declare them."""
        raise NotImplementedError(f"{type(self).__name__} has no gradients by its images")


def epoch_result(sums: NDArray[np.float64], images: int, steps: int) -> EpochResult:
    """What the three totals of all steps come to, added up."""
    loss, penalty, correct = sums
    return EpochResult(
        loss=float(loss / images),
        penalty=float(penalty / steps),
        correct=int(correct),
        count=images,
    )


def device_batches(
    batches: Batches,
    put: Callable[[NDArray[Any]], Any],
    resident: ResidentSplits | None,
    models: int = 1,
) -> Iterator[tuple[Any, Any, Any]]:
    """Images, labels and sample weights of each batch, on the device.

    models: that are trained at a time.
    """
    if resident is not None and batches.resident is not None:
        yield from resident.batches(batches.resident, batches.batch_size, models)
        return
    for batch in batches:
        yield put(batch.images), put(batch.labels), put(batch.weights)
