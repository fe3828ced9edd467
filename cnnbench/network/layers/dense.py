"""Layers that make a vector of what comes in."""

from __future__ import annotations

from math import prod
from typing import ClassVar, Literal

from cnnbench.errors import NetworkError
from cnnbench.network.layers.base import Array, Count, Layer, Shape, describe_shape
from cnnbench.network.layers.weighted import Weighted


class Flatten(Layer):
    """(height, width, channels) to one axis, in row-major order of NHWC."""

    type: Literal["flatten"] = "flatten"

    def output_shape(self, *inputs: Shape) -> Shape:
        """All values."""
        return (prod(inputs[0]),)


class Dense(Weighted):
    """Fully connected; kernel shape (in, out)."""

    type: Literal["dense"] = "dense"
    units: Count

    optional: ClassVar[frozenset[str]] = frozenset({"use_bias"})
    spelled: ClassVar[frozenset[str]] = frozenset({"activation", "l1", "l2"})

    def output_shape(self, *inputs: Shape) -> Shape:
        """A value a unit."""
        if len(inputs[0]) > 1:
            raise NetworkError(
                f"{self.name} takes a vector, but its input is a map of "
                f'{describe_shape(inputs[0])}: put {{ type = "flatten" }} or '
                '{ type = "global_average_pool" } before it in `layers`',
                key="layers",
            )
        return (self.units,)

    def arrays(self, *inputs: Shape) -> dict[str, Array]:
        """Kernel and bias."""
        return self.kernel_and_bias((inputs[0][-1], self.units), self.units)

    def flops(self, *inputs: Shape) -> int:
        """A multiply-add a weight."""
        return 2 * self.units * inputs[0][-1]

    @property
    def view(self) -> None:
        """Everything."""
        return

    @property
    def label(self) -> str:
        """E.g. "dense 64, relu"."""
        return ", ".join([f"dense {self.units}", *self.ending()])
