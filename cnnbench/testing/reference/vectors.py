"""Dense layers, flattening, padding and dropout."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from cnnbench.network.layers import Dense, Dropout, Dropping, Flatten, StochasticDepth, ZeroPadding
from cnnbench.testing.reference.activations import FUNCTIONS
from cnnbench.testing.reference.node import Array, ReferenceNode


class DenseNode(ReferenceNode[Dense]):
    """kernel: (in, out)."""

    trainable = ("kernel", "bias")

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """Inputs @ kernel + bias, through the activation."""
        self.x = x
        self.scores = x @ self.arrays["kernel"] + self.arrays.get("bias", 0.0)
        return FUNCTIONS[self.layer.activation][0](self.scores)

    def backward(self, slope: Array) -> Array:
        """The kernel's gradient is inputs times slopes, summed over the images."""
        slope = FUNCTIONS[self.layer.activation][1](self.scores, slope)
        self.gradients["kernel"] = self.x.T @ slope
        self.gradients["bias"] = slope.sum(axis=0)
        return slope @ self.arrays["kernel"].T


class FlattenNode(ReferenceNode[Flatten]):
    """Row-major: the channel runs fastest, then the column."""

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """Shape (n, values)."""
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, slope: Array) -> Array:
        """Back to the map."""
        return slope.reshape(self.shape)


class ZeroPaddingNode(ReferenceNode[ZeroPadding]):
    """Zeros around every map."""

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """Rows above and below, columns left and right."""
        self.height, self.width = x.shape[1:3]
        return np.pad(x, ((0, 0), *self.layer.padding, (0, 0)))

    def backward(self, slope: Array) -> Array:
        """What came to the border is gone."""
        (top, _), (left, _) = self.layer.padding
        return slope[:, top : top + self.height, left : left + self.width]


D = TypeVar("D", bound=Dropping)


class DroppingNode(ReferenceNode[D]):
    """Inverted dropout (Srivastava et al. 2014, section 10): what is kept is scaled in training."""

    def forward(self, x: Array, *, training: bool) -> Array:
        """Training multiplies by random factors, prediction changes nothing."""
        self.factors = self.draw(x.shape) if training else np.ones(x.shape)
        return x * self.factors

    def draw(self, shape: tuple[int, ...]) -> Array:
        """What to multiply each unit with: 0 or 1 / (1 - rate)."""
        keep = 1 - self.layer.rate
        return (self.generator.random(shape) < keep) / keep

    def backward(self, slope: Array) -> Array:
        """The same factors as on the way forward."""
        return slope * self.factors


class DropoutNode(DroppingNode[Dropout]):
    """A factor for each unit."""


class StochasticDepthNode(DroppingNode[StochasticDepth]):
    """A factor for each image."""

    def draw(self, shape: tuple[int, ...]) -> Array:
        """What to multiply each image with: 0 or 1 / (1 - rate)."""
        return super().draw((shape[0], *[1] * (len(shape) - 1)))
