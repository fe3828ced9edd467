"""What layers with a kernel have in common: bias, activation, penalties."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from cnnbench.network.layers.activation import Activation
from cnnbench.network.layers.base import Array, Layer, Shape

Penalty = Annotated[float, Field(ge=0)]


class Weighted(Layer):
    """A layer whose output is inputs times kernel, plus a bias, through an activation.

    l1, l2: penalties on the kernel, l1 * sum|w| + l2 * sum w^2, added to the loss.
    """

    activation: Activation = "relu"
    use_bias: bool = True
    l1: Penalty = 0.0
    l2: Penalty = 0.0

    draws: ClassVar[bool] = True

    @property
    def applies(self) -> str:
        """Its activation."""
        return self.activation

    @property
    def penalty(self) -> tuple[float, float]:
        """Of its kernel alone."""
        return self.l1, self.l2

    def kernel_and_bias(self, kernel: Shape, outputs: int) -> dict[str, Array]:
        """Its arrays."""
        bias = {"bias": Array((outputs,), 0.0)} if self.use_bias else {}
        return {"kernel": Array(kernel), **bias}

    def ending(self) -> list[str]:
        """Bias, activation and penalties in words, unless they are the default."""
        parts = [] if self.use_bias else ["no bias"]
        parts += [] if self.activation == "linear" else [self.activation]
        penalties = {"l1": self.l1, "l2": self.l2}
        return parts + [f"{name} {value:g}" for name, value in penalties.items() if value]
