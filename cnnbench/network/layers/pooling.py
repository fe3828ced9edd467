"""Pooling: the largest or the mean of a window, or of a whole channel."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from cnnbench.network.layers.base import Layer, Pair, Shape, describe_shape
from cnnbench.network.layers.window import Windowed


class Pool(Windowed):
    """Max or average pooling; a padded pixel never wins a maximum and counts in no average."""

    type: Literal["pool"] = "pool"
    kind: Literal["max", "average"] = "max"
    size: Pair = (2, 2)
    stride: Pair | None = None
    """None: the same as `size`."""

    key: ClassVar[str] = "pool"
    noun: ClassVar[str] = "pooling window"
    spelled: ClassVar[frozenset[str]] = frozenset({"kind", "size", "padding"})

    @property
    def extent(self) -> Pair:
        """As given."""
        return self.size

    @property
    def strides(self) -> Pair:
        """The stride in effect."""
        return self.size if self.stride is None else self.stride

    def output_shape(self, *inputs: Shape) -> Shape:
        """A value a window and channel."""
        return *self.positions(inputs[0]), inputs[0][-1]

    @property
    def label(self) -> str:
        """E.g. "max pool 2x2"."""
        return ", ".join(
            [f"{self.kind} pool {describe_shape(self.size)}", *self.sliding(self.size)]
        )

    def settings(self) -> dict[str, Any]:
        """With the stride in effect."""
        return super().settings() | {"stride": self.strides}


class GlobalPool(Layer):
    """What both kinds have. keepdims: the output is a map of 1x1, for squeeze and excite."""

    keepdims: bool = False

    optional: ClassVar[frozenset[str]] = frozenset({"keepdims"})

    def output_shape(self, *inputs: Shape) -> Shape:
        """A value a channel."""
        self.need_map(inputs[0])
        channels = inputs[0][-1]
        return (1, 1, channels) if self.keepdims else (channels,)

    @property
    def view(self) -> None:
        """All of the map."""
        return

    @property
    def label(self) -> str:
        """E.g. "global average pool"."""
        return super().label + (", 1x1 map" if self.keepdims else "")


class GlobalAveragePool(GlobalPool):
    """The mean of every channel over height and width."""

    type: Literal["global_average_pool"] = "global_average_pool"


class GlobalMaxPool(GlobalPool):
    """The largest value of every channel over height and width."""

    type: Literal["global_max_pool"] = "global_max_pool"
