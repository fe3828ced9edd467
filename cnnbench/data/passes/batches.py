"""Batches: what a backend trains on and predicts, one object a pass over the data."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int32] | NDArray[np.float32]
"""The class of each image, int32, (n,), or soft labels: the probability of each, (n, classes)."""


class Batch(NamedTuple):
    """images: float32, (n, height, width, channels), C-contiguous, normalised.

    labels: int32, (n,), or in training with soft labels float32, (n, classes). weights: float32,
    (n,). The objective of a batch is sum(weight * loss) / n plus the penalties.
    """

    images: NDArray[np.float32]
    labels: Labels
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Resident:
    """All the images of a split, for backends that keep them on the device between epochs.

    key: equal keys mean equal arrays; the device copy may be kept under it. order: int64, where in
    the arrays the images of this pass are; batch i is order[i * batch_size : (i + 1) * batch_size].
    Balanced batches name some images several times, and leave others out.
    """

    key: str
    images: NDArray[np.float32]
    labels: Labels
    weights: NDArray[np.float32]
    order: NDArray[np.int64]


class Batches(ABC):
    """One pass over a split: iterate for the batches, or take the whole arrays.

    The last batch holds the rest and may be smaller.
    """

    size: int
    """Number of images in the pass."""
    batch_size: int
    waited: float = 0.0
    """Seconds that the consumer has waited for data."""

    def __len__(self) -> int:
        return math.ceil(self.size / self.batch_size)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Images in a batch, each number once: of whole batches, and of the rest."""
        whole, rest = min(self.batch_size, self.size), self.size % self.batch_size
        return tuple(sorted({whole, rest} - {0}))

    def __iter__(self) -> Iterator[Batch]:
        batches = self.produce()
        try:
            while True:
                start = time.perf_counter()
                batch = next(batches, None)
                self.waited += time.perf_counter() - start
                if batch is None:
                    return
                yield batch
        finally:
            # A consumer that stops early ends the producer now, not when it is collected.
            if isinstance(batches, Generator):
                batches.close()

    @abstractmethod
    def produce(self) -> Iterator[Batch]:
        """Yield the batches in order."""

    @property
    def resident(self) -> Resident | None:
        """The whole arrays, or None where passes differ in pixels or the arrays are too large."""
        return None

    @abstractmethod
    def select(self, start: int, stop: int) -> Batches:
        """The pass that holds only batches start..stop-1 of this one, pixels unchanged."""
