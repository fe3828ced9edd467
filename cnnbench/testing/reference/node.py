"""What every layer of the reference has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.layers import Layer

Array = NDArray[np.float64]
L = TypeVar("L", bound=Layer)


class AnyNode(ABC, Generic[L]):
    """A layer with its arrays, which remembers of the way forward what the way back needs.

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
    def ahead(self, inputs: Sequence[Array], *, training: bool) -> Array:
        """The layer's output for its inputs, each of shape (n, ...)."""

    @abstractmethod
    def back(self, slope: Array) -> Sequence[Array]:
        """The objective's gradient by each input, given its gradient by the output (`slope`)."""


class ReferenceNode(AnyNode[L]):
    """A layer of one input."""

    def ahead(self, inputs: Sequence[Array], *, training: bool) -> Array:
        """Of the one."""
        [x] = inputs
        return self.forward(x, training=training)

    def back(self, slope: Array) -> Sequence[Array]:
        """To the one."""
        return [self.backward(slope)]

    @abstractmethod
    def forward(self, x: Array, *, training: bool) -> Array:
        """The layer's output for x, shape (n, ...)."""

    @abstractmethod
    def backward(self, slope: Array) -> Array:
        """The objective's gradient by the input, given its gradient by the output (`slope`)."""
