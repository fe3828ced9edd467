"""Layers that predict right and pass something else back, and padding that is wrong on one axis."""

from __future__ import annotations

from cnnbench.testing.reference.convolution import ConvNode
from cnnbench.testing.reference.pooling import PoolNode
from cnnbench.testing.reference.windows import Windows
from wrong_backends.making import with_node


def _larger_half_left(kind):
    class ColumnsTurnedRound(Windows):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.columns = self.columns[::-1]

    class PadsTheLargerHalfLeft(PoolNode):
        def forward(self, x, *, training):
            self.windows = ColumnsTurnedRound if self.layer.kind == kind else Windows
            return super().forward(x, training=training)

    return with_node(f"{kind}-pool-same", "pool", PadsTheLargerHalfLeft)


class PadsTheLargerHalfLeftWithAStride(ConvNode):
    class windows(Windows):  # noqa: N801 - takes the place of the attribute
        def __init__(self, shape, window, stride, padding):
            super().__init__(shape, window, stride, padding)
            if stride[1] > 1:
                self.columns = self.columns[::-1]


def _steeper(kind):
    class PassesBackTooMuch(PoolNode):
        def backward(self, slope):
            wrong = self.layer.kind == kind and self.layer.padding == "valid"
            return super().backward(slope * 1.5 if wrong else slope)

    return with_node(f"{kind}-pool", "pool", PassesBackTooMuch)


class LosesTheGradientOfAStride(ConvNode):
    def backward(self, slope):
        below = super().backward(slope)
        lost = self.layer.padding == "valid" and self.layer.stride != (1, 1)
        return below * 0 if lost else below


class FlipsTheGradientOfALongKernel(ConvNode):
    def backward(self, slope):
        below = super().backward(slope)
        height, width = self.layer.kernel
        return below if height == width else below[:, ::-1]


class HalvesTheGradientOfAnEvenKernel(ConvNode):
    def backward(self, slope):
        below = super().backward(slope)
        if self.layer.padding == "same" and self.layer.kernel[0] % 2 == 0:
            self.gradients["kernel"] = self.gradients["kernel"] / 2
        return below


BACKENDS = (
    _larger_half_left("max"),
    _larger_half_left("average"),
    with_node("conv-same-stride", "conv", PadsTheLargerHalfLeftWithAStride),
    _steeper("max"),
    _steeper("average"),
    with_node("conv-valid-stride", "conv", LosesTheGradientOfAStride),
    with_node("conv-valid", "conv", FlipsTheGradientOfALongKernel),
    with_node("conv-same", "conv", HalvesTheGradientOfAnEvenKernel),
)
