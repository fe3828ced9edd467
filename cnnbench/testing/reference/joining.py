"""Layers of several inputs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from cnnbench.network.layers import Add, Concatenate, Multiply
from cnnbench.testing.reference.node import AnyNode, Array


class AddNode(AnyNode[Add]):
    """The sum."""

    def ahead(self, inputs: Sequence[Array], *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """Of all inputs."""
        self.count = len(inputs)
        return reduce(np.add, inputs)

    def back(self, slope: Array) -> Sequence[Array]:
        """The same to every input."""
        return [slope] * self.count


class ConcatenateNode(AnyNode[Concatenate]):
    """Channels one after the other."""

    def ahead(self, inputs: Sequence[Array], *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """In the order of the inputs."""
        self.ends = np.cumsum([x.shape[-1] for x in inputs])[:-1]
        return np.concatenate(inputs, axis=-1)

    def back(self, slope: Array) -> Sequence[Array]:
        """To each input its own channels."""
        return np.split(slope, self.ends, axis=-1)


class MultiplyNode(AnyNode[Multiply]):
    """The product; what has one value a channel counts for every pixel."""

    def ahead(self, inputs: Sequence[Array], *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """Of all inputs."""
        dimensions = max(x.ndim for x in inputs)
        self.shapes = [x.shape for x in inputs]
        self.factors = [
            x if x.ndim == dimensions else x.reshape(len(x), 1, 1, x.shape[-1]) for x in inputs
        ]
        return reduce(np.multiply, self.factors)

    def back(self, slope: Array) -> Sequence[Array]:
        """To each input the product of the others, summed where it counted more than once."""
        slopes = []
        for at, (shape, factor) in enumerate(zip(self.shapes, self.factors, strict=True)):
            whole = reduce(np.multiply, [*self.factors[:at], *self.factors[at + 1 :]], slope)
            if factor.shape != whole.shape:
                whole = whole.sum(axis=(1, 2))
            slopes.append(whole.reshape(shape))
        return slopes
