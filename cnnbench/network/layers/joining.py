"""Layers that make one output of several inputs."""

from __future__ import annotations

from typing import ClassVar, Literal

from cnnbench.errors import NetworkError
from cnnbench.network.layers.base import Layer, Shape, describe_shape


class Joining(Layer):
    """A layer that names two inputs or more; all inputs are maps of one size, or all vectors."""

    joins: ClassVar[bool] = True

    def refuse(self, why: str, inputs: tuple[Shape, ...]) -> NetworkError:
        """The error for inputs that don't go together."""
        places = [
            f"{name} ({describe_shape(shape)})"
            for name, shape in zip(self.inputs, inputs, strict=True)
        ]
        return NetworkError(
            f"{self.name} joins {', '.join(places[:-1])} and {places[-1]}, {why}", key="layers"
        )


class Add(Joining):
    """The sum of inputs of the same shape, as in residual networks."""

    type: Literal["add"] = "add"

    def output_shape(self, *inputs: Shape) -> Shape:
        """That of every input."""
        if len(set(inputs)) > 1:
            raise self.refuse(
                "whose shapes differ: a convolution of kernel 1x1 gives them the same number of "
                "channels, strides or pooling the same size",
                inputs,
            )
        return inputs[0]


class Concatenate(Joining):
    """Inputs of the same height and width side by side: their channels one after the other."""

    type: Literal["concatenate"] = "concatenate"

    def output_shape(self, *inputs: Shape) -> Shape:
        """All channels."""
        if len({shape[:-1] for shape in inputs}) > 1:
            raise self.refuse(
                "whose height and width differ: strides, padding or pooling make them equal", inputs
            )
        return *inputs[0][:-1], sum(shape[-1] for shape in inputs)


class Multiply(Joining):
    """The product of inputs of the same shape, as squeeze and excite needs it.

    An input of a value a channel, a map of 1x1 or a vector, counts for every pixel of the others.
    """

    type: Literal["multiply"] = "multiply"

    def output_shape(self, *inputs: Shape) -> Shape:
        """That of the largest input."""
        largest = max(inputs, key=lambda shape: (len(shape), shape))
        single = ((1, 1, largest[-1]), largest[-1:])
        if any(shape not in (largest, *single) for shape in inputs):
            raise self.refuse(
                "whose shapes differ: give them the same shape, or a map of 1x1 or a vector with "
                "as many channels",
                inputs,
            )
        return largest
