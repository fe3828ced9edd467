"""What slides over a map: how often its window fits, and how the map is padded for it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

from cnnbench.errors import NetworkError
from cnnbench.network.layers.base import Layer, Pair, Shape, View, describe_shape

Padding = Literal["valid", "same"]


def window_count(size: int, window: int, stride: int, padding: Padding) -> int:
    """How many positions a window takes along an axis; below 1 if it does not fit.

    "valid": every window lies inside the input. "same": one window per `stride` pixels begun.
    """
    if padding == "same":
        return -(-size // stride)
    return (size - window) // stride + 1


def padding_of(size: int, window: int, stride: int, padding: Padding) -> tuple[int, int]:
    """Pixels to add before and after an axis, for frameworks that pad by number.

    "same" pads as TensorFlow does: just enough for the last window, the odd pixel after.
    """
    if padding == "valid":
        return 0, 0
    missing = (window_count(size, window, stride, padding) - 1) * stride + window - size
    total = max(missing, 0)
    return total // 2, total - total // 2


@dataclass(frozen=True, slots=True)
class Window:
    """The window of a layer over its input, padding in pixels.

    size: what it spans, the gaps of a dilated kernel included. before: (top, left). after: (bottom,
    right).
    """

    size: Pair
    stride: Pair
    before: tuple[int, int]
    after: tuple[int, int]


class Windowed(Layer):
    """A layer whose window slides over a map.

    padding: "same" pads as TensorFlow does: the output has ceil(input / stride) rows, and of an odd
    number of padded rows the larger half goes to the bottom and right.
    """

    padding: Padding = "valid"

    key: ClassVar[str]
    """Of `[network]`, for the window's size."""
    noun: ClassVar[str]
    """What the window is to people."""
    rescue: ClassVar[str] = ""
    """What else helps where it does not fit."""

    @property
    @abstractmethod
    def extent(self) -> Pair:
        """What the window spans."""

    @property
    @abstractmethod
    def strides(self) -> Pair:
        """How far it moves at a time, (down, right)."""

    @property
    def view(self) -> View:
        """The window."""
        return View(self.extent, self.strides)

    def window(self, shape: Shape) -> Window:
        """How it moves over an input of this shape, (height, width, channels)."""
        sides = zip(shape[:2], self.extent, self.strides, strict=True)
        before, after = zip(*(padding_of(*side, self.padding) for side in sides), strict=True)
        return Window(self.extent, self.strides, before, after)

    def positions(self, shape: Shape) -> Pair:
        """How many windows there are, (down, across). Raises NetworkError where none fits."""
        self.need_map(shape)
        sides = zip(shape[:2], self.extent, self.strides, strict=True)
        height, width = (window_count(*side, self.padding) for side in sides)
        if min(height, width) >= 1:
            return height, width
        raise NetworkError(
            f"{self.name} has a {self.noun} of {describe_shape(self.extent)}, but its input is "
            f"only {describe_shape(shape)}: use a smaller {self.noun}, {self.rescue}fewer layers "
            "before it or larger images",
            key=self.key,
        )

    def sliding(self, default: Pair) -> list[str]:
        """Stride and padding in words, unless they are the default."""
        stride = self.strides
        parts = [] if stride == default else [f"stride {describe_shape(stride)}"]
        return parts if self.padding == "valid" else [*parts, self.padding]
