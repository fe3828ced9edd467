"""What the models of the three frameworks share: passes over batches, and their totals."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.batches import Batches
from cnnbench.plugin.backend import EpochResult, Model
from cnnbench_keras._resident import ResidentImages


class KerasModel(Model):
    """A Keras model under its framework's own training loop.

    resident: where whole splits are kept; None on a CPU, where there is nothing to save.
    Nothing waits for the device within a pass: each step leaves its totals there, and they are
    fetched together at the end.
    """

    def __init__(self, resident: ResidentImages | None) -> None:
        self._resident = resident

    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """Take one optimiser step a batch."""
        self._set_learning_rate(learning_rate)
        totals = [self._train_step(*batch) for batch in self._on_device(batches)]
        loss, penalty, correct = np.stack(self._fetch(totals)).astype(np.float64).sum(axis=0)
        return EpochResult(
            loss=float(loss / batches.size),
            penalty=float(penalty / len(totals)),
            correct=int(correct),
            count=batches.size,
        )

    def predict(self, batches: Batches) -> NDArray[np.float32]:
        """Probabilities in the order of the pass."""
        outputs = [
            self._predict_step(images, batches.batch_size)
            for images, _, _ in self._on_device(batches)
        ]
        # What follows belongs to images that filled the last batch up.
        return np.concatenate(self._fetch(outputs))[: batches.size].astype(np.float32, copy=False)

    def _on_device(self, batches: Batches) -> Iterator[tuple[Any, Any, Any]]:
        """Images, labels and sample weights of each batch, on the device."""
        if self._resident is not None and batches.resident is not None:
            yield from self._resident.batches(batches.resident, batches.batch_size)
            return
        for batch in batches:
            yield self._put(batch.images), self._put(batch.labels), self._put(batch.weights)

    @abstractmethod
    def _put(self, array: NDArray[Any]) -> Any:
        """The array on the device."""

    @abstractmethod
    def _fetch(self, arrays: Sequence[Any]) -> list[NDArray[Any]]:
        """Arrays from the device, which are waited for."""

    @abstractmethod
    def _set_learning_rate(self, learning_rate: float) -> None:
        """For the steps that follow."""

    @abstractmethod
    def _train_step(self, images: Any, labels: Any, weights: Any) -> Any:
        """One optimiser step; returns three float32 on the device, computed before the update.

        They are sum(weight * loss) over the batch, the penalty, and the number of correct images.
        """

    @abstractmethod
    def _predict_step(self, images: Any, batch_size: int) -> Any:
        """Probabilities on the device.

        A last batch smaller than batch_size may be filled up; the rows beyond it are dropped.
        """
