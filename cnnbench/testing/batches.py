"""Batches from arrays that are at hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batch, Batches, Labels, Resident


class ArrayBatches(Batches):
    """A pass over arrays in a given order.

    images: float32, (n, height, width, channels). labels: int32, (n,), or soft ones, float32, (n,
    classes). weights: float32, (n,), ones if not given. order: rows, all in sequence if not given.
    key: offers the arrays as resident ones under this key; None only iterates. Where the images are
    read-only, so are the batches.
    """

    def __init__(
        self,
        images: NDArray[np.float32],
        labels: Labels,
        *,
        weights: NDArray[np.float32] | None = None,
        order: NDArray[np.int64] | None = None,
        batch_size: int = 32,
        key: str | None = None,
    ) -> None:
        self.images = images
        self.labels = labels
        self.weights = np.ones(len(labels), np.float32) if weights is None else weights
        self.order = np.arange(len(labels), dtype=np.int64) if order is None else order
        self.size = len(self.order)
        self.batch_size = batch_size
        self.key = key

    def produce(self) -> Iterator[Batch]:
        """Yield the batches in order."""
        for start in range(0, self.size, self.batch_size):
            rows = self.order[start : start + self.batch_size]
            batch = Batch(self.images[rows], self.labels[rows], self.weights[rows])
            for array in batch:
                array.flags.writeable = self.images.flags.writeable
            yield batch

    @property
    def resident(self) -> Resident | None:
        """The whole arrays, if the pass has a key."""
        if self.key is None:
            return None
        return Resident(self.key, self.images, self.labels, self.weights, self.order)

    def select(self, start: int, stop: int) -> ArrayBatches:
        """The pass of batches start..stop-1."""
        return self.reorder(self.order[start * self.batch_size : stop * self.batch_size])

    def reorder(self, order: NDArray[np.int64]) -> ArrayBatches:
        """The same arrays in another order, or some of their rows."""
        return self.copy(order=order)

    def copy(
        self,
        *,
        order: NDArray[np.int64] | None = None,
        batch_size: int | None = None,
        key: str | None = None,
    ) -> ArrayBatches:
        """The same arrays, passed over in another way."""
        return ArrayBatches(
            self.images,
            self.labels,
            weights=self.weights,
            order=self.order if order is None else order,
            batch_size=batch_size or self.batch_size,
            key=key or self.key,
        )
