"""What every layer of the reference has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.layers import Layer

Array = NDArray[np.float64]
L = TypeVar("L", bound=Layer)


class Node(ABC, Generic[L]):
    """A layer with its arrays, which remembers of `forward` what `backward` needs.

    arrays: by the part of their name after the slash ("kernel"). gradients: of the trainable ones,
    filled by `backward`. generator: random numbers, for dropout.
    """

    trainable: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        layer: L,
        arrays: dict[str, Array],
        *,
        frozen: bool = False,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.layer = layer
        self.arrays = arrays
        self.frozen = frozen
        self.generator = np.random.default_rng(0) if generator is None else generator
        self.gradients: dict[str, Array] = {}

    @abstractmethod
    def forward(self, x: Array, *, training: bool) -> Array:
        """The layer's output for x, shape (n, ...)."""

    @abstractmethod
    def backward(self, slope: Array) -> Array:
        """The objective's gradient by the input, given its gradient by the output (`slope`)."""
