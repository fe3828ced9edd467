"""Convolutions, over all channels or over each alone."""

from __future__ import annotations

from math import prod
from typing import ClassVar, Literal

from cnnbench.errors import NetworkError
from cnnbench.network.layers.base import Array, Count, Pair, Shape, describe_shape
from cnnbench.network.layers.weighted import Weighted
from cnnbench.network.layers.window import Windowed


class Convolution(Windowed, Weighted):
    """What both convolutions have. dilation: how far apart the pixels under a kernel lie."""

    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)

    key: ClassVar[str] = "kernel"
    noun: ClassVar[str] = "kernel"
    rescue: ClassVar[str] = 'padding = "same", '

    @property
    def extent(self) -> Pair:
        """The kernel with its gaps."""
        (height, width), (down, right) = self.kernel, self.dilation
        return (height - 1) * down + 1, (width - 1) * right + 1

    @property
    def strides(self) -> Pair:
        """As given."""
        return self.stride

    def positions(self, shape: Shape) -> Pair:
        """How many windows there are; frameworks don't let a dilated kernel take strides."""
        if self.stride != (1, 1) and self.dilation != (1, 1):
            raise NetworkError(
                f"{self.name} has a stride of {describe_shape(self.stride)} and a dilation of "
                f"{describe_shape(self.dilation)}: leave one of them at 1",
                key="layers",
            )
        return super().positions(shape)

    def middle(self) -> list[str]:
        """Kernel, stride, padding and dilation in words."""
        parts = [describe_shape(self.kernel), *self.sliding((1, 1))]
        gaps = [] if self.dilation == (1, 1) else [f"dilation {describe_shape(self.dilation)}"]
        return parts + gaps


class Conv(Convolution):
    """Two-dimensional convolution; kernel shape (height, width, in / groups, out).

    groups: the channels, in and out, are divided into so many groups in order, each a convolution
    of its own. A kernel is not flipped.
    """

    type: Literal["conv"] = "conv"
    filters: Count
    groups: Count = 1

    optional: ClassVar[frozenset[str]] = frozenset({"groups", "dilation", "use_bias"})
    spelled: ClassVar[frozenset[str]] = frozenset(
        {"kernel", "stride", "padding", "activation", "l1", "l2"}
    )

    def output_shape(self, *inputs: Shape) -> Shape:
        """A map of as many channels as filters."""
        positions, channels = self.positions(inputs[0]), inputs[0][-1]
        if channels % self.groups or self.filters % self.groups:
            raise NetworkError(
                f"{self.name} divides {channels} channels and {self.filters} filters into "
                f"{self.groups} groups: both must be multiples of the groups",
                key="layers",
            )
        return *positions, self.filters

    def arrays(self, *inputs: Shape) -> dict[str, Array]:
        """Kernel and bias."""
        kernel = (*self.kernel, inputs[0][-1] // self.groups, self.filters)
        return self.kernel_and_bias(kernel, self.filters)

    def flops(self, *inputs: Shape) -> int:
        """Those on padding count."""
        outputs = prod(self.output_shape(*inputs))
        return 2 * outputs * prod(self.kernel) * inputs[0][-1] // self.groups

    @property
    def label(self) -> str:
        """E.g. "conv 32, 3x3, relu"."""
        groups = [] if self.groups == 1 else [f"{self.groups} groups"]
        return ", ".join([f"conv {self.filters}", *self.middle(), *groups, *self.ending()])


class DepthwiseConv(Convolution):
    """A convolution of each channel alone; kernel shape (height, width, in, 1).

    With a convolution of kernel 1x1 behind it, it is a depthwise separable convolution.
    """

    type: Literal["depthwise_conv"] = "depthwise_conv"

    optional: ClassVar[frozenset[str]] = frozenset({"dilation", "use_bias"})

    def output_shape(self, *inputs: Shape) -> Shape:
        """A map of as many channels as the input."""
        return *self.positions(inputs[0]), inputs[0][-1]

    def arrays(self, *inputs: Shape) -> dict[str, Array]:
        """Kernel and bias."""
        channels = inputs[0][-1]
        return self.kernel_and_bias((*self.kernel, channels, 1), channels)

    def flops(self, *inputs: Shape) -> int:
        """Those on padding count."""
        return 2 * prod(self.output_shape(*inputs)) * prod(self.kernel)

    @property
    def label(self) -> str:
        """E.g. "depthwise conv, 3x3, relu"."""
        return ", ".join(["depthwise conv", *self.middle(), *self.ending()])
