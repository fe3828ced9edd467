"""Batch normalisation, and scaling by constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from cnnbench.errors import NetworkError
from cnnbench.network.layers.base import Array, Layer, Shape, describe_shape


class BatchNorm(Layer):
    """Batch normalisation over the last axis (Ioffe and Szegedy 2015).

    Training uses the batch's mean and biased variance; the moving statistics follow
    moving = momentum * moving + (1 - momentum) * batch, with the biased variance, as in Keras.
    Prediction uses the moving statistics. Its arrays are gamma, beta, mean, variance; without
    `scale` there is no gamma, without `center` no beta.
    """

    type: Literal["batch_norm"] = "batch_norm"
    momentum: Annotated[float, Field(ge=0, le=1)] = 0.99
    epsilon: Annotated[float, Field(gt=0)] = 1e-3
    scale: bool = True
    center: bool = True

    optional: ClassVar[frozenset[str]] = frozenset({"scale", "center"})
    spelled: ClassVar[frozenset[str]] = frozenset({"momentum", "epsilon"})

    def arrays(self, *inputs: Shape) -> dict[str, Array]:
        """In the order gamma, beta, mean, variance, as far as they are there."""
        lacking = ("gamma",) * (not self.scale) + ("beta",) * (not self.center)
        start = {"gamma": 1.0, "beta": 0.0, "mean": 0.0, "variance": 1.0}
        shape = inputs[0][-1:]
        return {part: Array(shape, x) for part, x in start.items() if part not in lacking}

    @property
    def label(self) -> str:
        """E.g. "batch norm"."""
        return "batch norm" + ", no scale" * (not self.scale) + ", no center" * (not self.center)


class Rescaling(Layer):
    """scale * x + offset, each one number or one for every channel; nothing of it is trained."""

    type: Literal["rescaling"] = "rescaling"
    scale: float | tuple[float, ...] = 1.0
    offset: float | tuple[float, ...] = 0.0

    def output_shape(self, *inputs: Shape) -> Shape:
        """The input's."""
        for name, value in (("scale", self.scale), ("offset", self.offset)):
            if isinstance(value, tuple) and len(value) != inputs[0][-1]:
                raise NetworkError(
                    f"{self.name} has {len(value)} values of {name}, but its input is "
                    f"{describe_shape(inputs[0])}: give one number, or one for every channel",
                    key="layers",
                )
        return inputs[0]

    @property
    def label(self) -> str:
        """E.g. "rescaling, 0.00784 x - 1"."""
        return f"rescaling, scale {_numbers(self.scale)}, offset {_numbers(self.offset)}"


def _numbers(value: float | Sequence[float]) -> str:
    values = value if isinstance(value, Sequence) else [value]
    return " ".join(f"{x:.3g}" for x in values)
