"""Layers that join, pad, scale and divide wrongly."""

from __future__ import annotations

import numpy as np

from cnnbench.testing.reference import Reference
from cnnbench.testing.reference.convolution import ConvNode, DepthwiseConvNode
from cnnbench.testing.reference.joining import AddNode, ConcatenateNode, MultiplyNode
from cnnbench.testing.reference.normalization import BatchNormNode, RescalingNode
from cnnbench.testing.reference.outputs import Features, Softmax
from cnnbench.testing.reference.pooling import GlobalAveragePoolNode, GlobalMaxPoolNode
from cnnbench.testing.reference.vectors import ZeroPaddingNode
from cnnbench.testing.reference.windows import Windows, padding_amounts
from wrong_backends.making import with_node, with_output, with_reference


class SharesAKernelAmongChannels(DepthwiseConvNode):
    def weigh(self):
        kernel = self.arrays["kernel"]
        self.arrays["kernel"] = np.broadcast_to(kernel[:, :, :1], kernel.shape)
        try:
            return super().weigh()
        finally:
            self.arrays["kernel"] = kernel


class PadsTheLargerHalfFirst(DepthwiseConvNode):
    class windows(Windows):  # noqa: N801 - takes the place of the attribute
        @staticmethod
        def amounts(size, window, stride, padding):
            return padding_amounts(size, window, stride, padding)[::-1]


class DealsOutputsInTurn(ConvNode):
    """The first output of each group first."""

    def weigh(self):
        sums = super().weigh()
        grouped = sums.reshape(*sums.shape[:3], self.layer.groups, -1)
        return grouped.swapaxes(3, 4).reshape(sums.shape)


class SwapsDilations(ConvNode):
    class windows(Windows):  # noqa: N801 - same
        def __init__(self, shape, window, stride, padding, dilation=(1, 1)):
            super().__init__(shape, window, stride, padding, dilation[::-1])


class AddsABiasOfItsOwn(ConvNode):
    def weigh(self):
        return super().weigh() + (0.0 if self.layer.use_bias else 0.1)


class PadsTheOtherSides(ZeroPaddingNode):
    def forward(self, x, *, training):
        self.height, self.width = x.shape[1:3]
        rows, columns = (side[::-1] for side in self.layer.padding)
        return np.pad(x, ((0, 0), rows, columns, (0, 0)))


class AddsBeforeItScales(RescalingNode):
    def forward(self, x, *, training):
        return np.asarray(self.layer.scale) * (x + np.asarray(self.layer.offset))


class TakesTheMean(GlobalMaxPoolNode):
    def forward(self, x, *, training):
        super().forward(x, training=training)
        return x.mean(axis=(1, 2), keepdims=self.layer.keepdims)


class TakesTheFirstPixelForAMap(GlobalAveragePoolNode):
    def forward(self, x, *, training):
        mean = super().forward(x, training=training)
        return x[:, :1, :1] if self.layer.keepdims else mean


class AddsEachInputOnce(AddNode):
    def ahead(self, inputs, *, training):
        names = list(self.layer.inputs)
        once = [x for at, x in enumerate(inputs) if names.index(names[at]) == at]
        total = super().ahead(once, training=training)
        self.count = len(inputs)
        return total


class TurnsTheOrderRound(ConcatenateNode):
    def ahead(self, inputs, *, training):
        return super().ahead(inputs[::-1], training=training)


class MultipliesTheFirstTwo(MultiplyNode):
    def ahead(self, inputs, *, training):
        super().ahead(inputs, training=training)
        first, second = self.factors[:2]
        return first * second


class CentersWithoutBeta(BatchNormNode):
    def forward(self, x, *, training):
        y = super().forward(x, training=training)
        return y if self.layer.center else y + 0.1


class TrainsTheScaleItLacks(BatchNormNode):
    """A gamma that starts at 1 and is in no weights, as where a framework's layer is left whole."""

    own = 1.0

    def forward(self, x, *, training):
        y = super().forward(x, training=training)
        return y if self.layer.scale else self.own * y

    def backward(self, slope):
        if self.layer.scale:
            return super().backward(slope)
        below = super().backward(self.own * slope)
        self.own -= 0.1 * (slope * self.normal).sum(axis=self.axes)
        return below


class TrainsTheShiftItLacks(BatchNormNode):
    own = 0.0

    def forward(self, x, *, training):
        return super().forward(x, training=training) + self.own

    def backward(self, slope):
        if not self.layer.center:
            self.own = self.own - 0.1 * slope.sum(axis=self.axes)
        return super().backward(slope)


class KeepsTheLastSlopeOfAnOutput(Reference):
    def backward(self, slope):
        *_, last = self.nodes
        slopes = {last: slope}
        for name, node in reversed(self.nodes.items()):
            slopes |= dict(zip(node.layer.inputs, node.back(slopes[name]), strict=True))


class TakesTheLayerAbove(Reference):
    def scores(self, images, *, training=False):
        self.above = "input"
        made = {"input": np.asarray(images, np.float64)}
        for name, node in self.nodes.items():
            inputs = [
                made[self.above if other == "input" else other] for other in node.layer.inputs
            ]
            made[name] = node.ahead(inputs, training=training)
            self.above = name
        return made[name]


class TakesSoftmaxOfFeatures(Features):
    def probabilities(self, scores):
        return Softmax().probabilities(scores)


BACKENDS = (
    with_node("depthwise-conv", "depthwise_conv", SharesAKernelAmongChannels),
    with_node("depthwise-conv-same", "depthwise_conv", PadsTheLargerHalfFirst),
    with_node("conv-groups", "conv", DealsOutputsInTurn),
    with_node("dilation", "conv", SwapsDilations),
    with_node("no-bias", "conv", AddsABiasOfItsOwn),
    with_node("zero-padding", "zero_padding", PadsTheOtherSides),
    with_node("rescaling", "rescaling", AddsBeforeItScales),
    with_node("global-max-pool", "global_max_pool", TakesTheMean),
    with_node("keepdims", "global_average_pool", TakesTheFirstPixelForAMap),
    with_node("add", "add", AddsEachInputOnce),
    with_node("concatenate", "concatenate", TurnsTheOrderRound),
    with_node("multiply", "multiply", MultipliesTheFirstTwo),
    with_node("batch-norm-bare", "batch_norm", CentersWithoutBeta),
    with_node("batch-norm-bare-training", "batch_norm", TrainsTheScaleItLacks),
    with_node("batch-norm-bare-training", "batch_norm", TrainsTheShiftItLacks),
    with_output("features", "features", TakesSoftmaxOfFeatures),
    with_reference("graph", KeepsTheLastSlopeOfAnOutput),
    with_reference("graph", TakesTheLayerAbove),
)
