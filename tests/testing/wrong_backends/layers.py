"""Layers that compute something else."""

from __future__ import annotations

import numpy as np

from cnnbench.testing.reference.activations import FUNCTIONS, ActivateNode
from cnnbench.testing.reference.convolution import ConvNode
from cnnbench.testing.reference.normalization import BatchNormNode
from cnnbench.testing.reference.pooling import GlobalAveragePoolNode, PoolNode
from cnnbench.testing.reference.vectors import DenseNode, DropoutNode, FlattenNode
from cnnbench.testing.reference.windows import Windows, padding_amounts
from wrong_backends.making import with_node


class PadsTheLargerHalfFirst(ConvNode):
    class windows(Windows):  # noqa: N801 - takes the place of the attribute
        @staticmethod
        def amounts(size, window, stride, padding):
            return padding_amounts(size, window, stride, padding)[::-1]


class PadsByTheKernelAlone(ConvNode):
    """As PyTorch users do: padding = kernel // 2 on both sides, whatever the stride."""

    class windows(Windows):  # noqa: N801 - same
        @staticmethod
        def amounts(size, window, stride, padding):
            rows = window // 2 if padding == "same" else 0
            return (rows, rows) if window % 2 else (rows - rows // 2, rows // 2)


class FlipsTheKernel(ConvNode):
    def forward(self, x, *, training):
        kernel = self.arrays["kernel"]
        self.arrays["kernel"] = kernel[::-1, ::-1]
        try:
            return super().forward(x, training=training)
        finally:
            self.arrays["kernel"] = kernel


class SwapsKernelAxes(ConvNode):
    """Reads the array as (width, height, in, out)."""

    def forward(self, x, *, training):
        kernel = self.arrays["kernel"]
        height, width, *rest = kernel.shape
        self.arrays["kernel"] = (
            kernel.reshape(width, height, *rest).swapaxes(0, 1).reshape(kernel.shape)
        )
        try:
            return super().forward(x, training=training)
        finally:
            self.arrays["kernel"] = kernel


class SwapsStrides(ConvNode):
    class windows(Windows):  # noqa: N801 - same
        def __init__(self, shape, window, stride, padding, *dilation):
            super().__init__(shape, window, stride[::-1], padding, *dilation)


class AlwaysUsesRelu(ConvNode):
    def forward(self, x, *, training):
        return np.maximum(super().forward(x, training=training), 0)


class IgnoresThePoolStride(PoolNode):
    class windows(Windows):  # noqa: N801 - same
        def __init__(self, shape, window, stride, padding, *dilation):
            super().__init__(shape, window, window, padding, *dilation)


class PoolsSquares(PoolNode):
    class windows(Windows):  # noqa: N801 - same
        def __init__(self, shape, window, stride, padding, *dilation):
            super().__init__(shape, (window[0], window[0]), stride, padding, *dilation)


class PadsMaximaWithZero(PoolNode):
    class windows(Windows):  # noqa: N801 - same
        def pad(self, x, value):
            return super().pad(x, 0.0)


class CountsPaddingInAverages(PoolNode):
    def count(self, x):
        return np.full_like(super().count(x), np.prod(self.layer.size))


class SharesTheGradientOfAMaximum(PoolNode):
    def backward(self, slope):
        if self.layer.kind == "average":
            return super().backward(slope)
        share = slope[..., None, None] / np.prod(self.layer.size)
        return self.place.add_back(np.broadcast_to(share, (*slope.shape, *self.layer.size)))


class ForgetsPaddingOnTheWayBack(PoolNode):
    def backward(self, slope):
        if self.layer.kind == "average":
            self.counts = np.full_like(self.counts, np.prod(self.layer.size))
        return super().backward(slope)


class SumsInsteadOfAveraging(GlobalAveragePoolNode):
    def forward(self, x, *, training):
        return super().forward(x, training=training) * x.shape[1] * x.shape[2]


class FlattensChannelsFirst(FlattenNode):
    def forward(self, x, *, training):
        self.shape = x.shape
        return x.transpose(0, 3, 1, 2).reshape(len(x), -1)

    def backward(self, slope):
        n, height, width, channels = self.shape
        return slope.reshape(n, channels, height, width).transpose(0, 2, 3, 1)


class ForgetsTheBias(DenseNode):
    def forward(self, x, *, training):
        return super().forward(x, training=training) - self.arrays["bias"]


class AlwaysUsesReluInDense(DenseNode):
    def forward(self, x, *, training):
        y = super().forward(x, training=training)
        return np.maximum(y, 0) if self.layer.activation != "linear" else y


class PredictsWithBatchStatistics(BatchNormNode):
    def forward(self, x, *, training):
        moving = {name: self.arrays[name] for name in ("mean", "variance")}
        try:
            return super().forward(x, training=True)
        finally:
            if not training:
                self.arrays.update(moving)


class SharesAnEpsilon(BatchNormNode):
    def inverse_deviation(self, variance):
        return 1 / np.sqrt(variance + 1e-3)


class TrainsWithMovingStatistics(BatchNormNode):
    def forward(self, x, *, training):
        before = dict(self.arrays)
        super().forward(x, training=training)
        after = dict(self.arrays)
        self.arrays.update(before)
        y = super().forward(x, training=False)
        self.arrays.update(after)
        return y


class TracksTheUnbiasedVariance(BatchNormNode):
    """As PyTorch does."""

    def tracked_variance(self, x):
        n = x.size / x.shape[-1]
        return super().tracked_variance(x) * n / (n - 1)


class TurnsTheMomentumRound(BatchNormNode):
    """PyTorch's momentum is 1 - momentum."""

    def follow(self, name, value):
        momentum = 1 - self.layer.momentum
        self.arrays[name] = momentum * self.arrays[name] + (1 - momentum) * value


class PredictsWithTheLastBatch(BatchNormNode):
    last = None

    def follow(self, name, value):
        super().follow(name, value)
        self.last = {**(self.last or {}), name: value}

    def forward(self, x, *, training):
        if training or self.last is None:
            return super().forward(x, training=training)
        moving = dict(self.arrays)
        self.arrays.update(self.last)
        y = super().forward(x, training=False)
        self.arrays.update(moving)
        return y


class TakesStatisticsAsConstants(BatchNormNode):
    def backward(self, slope):
        self.batch_counts = False
        return super().backward(slope)


class MovesStatisticsWhenPredicting(BatchNormNode):
    def forward(self, x, *, training):
        if not training:
            self.axes = tuple(range(x.ndim - 1))
            self.follow("mean", x.mean(axis=self.axes))
        return super().forward(x, training=training)


class DropsInPrediction(DropoutNode):
    def forward(self, x, *, training):
        return super().forward(x, training=True)


class DoesNotScale(DropoutNode):
    def draw(self, shape):
        return super().draw(shape) * (1 - self.layer.rate)


class KeepsWithTheRate(DropoutNode):
    def draw(self, shape):
        return (self.generator.random(shape) < self.layer.rate) / (1 - self.layer.rate)


class DropsWholeChannels(DropoutNode):
    def draw(self, shape):
        factors = super().draw((shape[0], *(1 for _ in shape[1:-1]), shape[-1]))
        return np.broadcast_to(factors, shape)


class DropsTheSameInEveryImage(DropoutNode):
    def draw(self, shape):
        return np.broadcast_to(super().draw((1, *shape[1:])), shape)


class DropsTheSameInEveryStep(DropoutNode):
    def draw(self, shape):
        self.generator = np.random.default_rng(0)
        return super().draw(shape)


class DrawsAgainOnTheWayBack(DropoutNode):
    def backward(self, slope):
        self.factors = self.draw(slope.shape)
        return super().backward(slope)


class ForgetsDropoutOnTheWayBack(DropoutNode):
    def backward(self, slope):
        return slope


class DrawsFromAGlobalGenerator(DropoutNode):
    generator_of_all = np.random.default_rng(0)

    def draw(self, shape):
        self.generator = self.generator_of_all
        return super().draw(shape)


class IgnoresTheSeed(DropoutNode):
    started = False

    def draw(self, shape):
        if not self.started:
            self.generator, self.started = np.random.default_rng(7), True
        return super().draw(shape)


def _activation(function, forwards, backwards=None):
    class Other(ActivateNode):
        def forward(self, x, *, training):
            if self.layer.function != function:
                return super().forward(x, training=training)
            self.x = x
            return forwards(x)

        def backward(self, slope):
            if backwards is None or self.layer.function != function:
                return super().backward(slope)
            return slope * backwards(self.x)

    Other.__name__ = f"Other{function.title()}"
    return with_node(f"activation-{function}", "activation", Other)


def _softmax_over_rows(x):
    """Over the first axis that is not the images'."""
    return np.moveaxis(FUNCTIONS["softmax"][0](np.moveaxis(x, 1, -1)), -1, 1)


BACKENDS = (
    with_node("conv-same", "conv", PadsTheLargerHalfFirst),
    with_node("conv-same-stride", "conv", PadsTheLargerHalfFirst),
    with_node("conv-same-stride", "conv", PadsByTheKernelAlone),
    with_node("conv-valid", "conv", FlipsTheKernel),
    with_node("conv-valid", "conv", SwapsKernelAxes),
    with_node("conv-valid-stride", "conv", SwapsStrides),
    with_node("activation-linear", "conv", AlwaysUsesRelu),
    with_node("activation-tanh", "dense", AlwaysUsesReluInDense),
    with_node("signal", "pool", PoolsSquares),
    with_node("max-pool", "pool", IgnoresThePoolStride),
    with_node("average-pool", "pool", IgnoresThePoolStride),
    with_node("max-pool-same", "pool", PadsMaximaWithZero),
    with_node("average-pool-same", "pool", CountsPaddingInAverages),
    with_node("gradient-max-pool", "pool", SharesTheGradientOfAMaximum),
    with_node("gradient-average-pool", "pool", ForgetsPaddingOnTheWayBack),
    with_node("global-average-pool", "global_average_pool", SumsInsteadOfAveraging),
    with_node("flatten", "flatten", FlattensChannelsFirst),
    with_node("dense", "dense", ForgetsTheBias),
    with_node("batch-norm-prediction", "batch_norm", PredictsWithBatchStatistics),
    with_node("batch-norm-prediction", "batch_norm", SharesAnEpsilon),
    with_node("batch-norm-loss", "batch_norm", TrainsWithMovingStatistics),
    with_node("batch-norm-moving", "batch_norm", TracksTheUnbiasedVariance),
    with_node("batch-norm-moving", "batch_norm", TurnsTheMomentumRound),
    with_node("batch-norm-after-training", "batch_norm", PredictsWithTheLastBatch),
    with_node("gradient-batch-norm", "batch_norm", TakesStatisticsAsConstants),
    with_node("batch-norm-after-training", "batch_norm", MovesStatisticsWhenPredicting),
    with_node("dropout-prediction", "dropout", DropsInPrediction),
    with_node("dropout-scaling", "dropout", DoesNotScale),
    with_node("dropout-rate", "dropout", KeepsWithTheRate),
    with_node("dropout-rate", "dropout", DropsWholeChannels),
    with_node("dropout-is-fresh", "dropout", DropsTheSameInEveryImage),
    with_node("dropout-is-fresh", "dropout", DropsTheSameInEveryStep),
    with_node("dropout-gradient", "dropout", DrawsAgainOnTheWayBack),
    with_node("dropout-gradient", "dropout", ForgetsDropoutOnTheWayBack),
    with_node("dropout-seed", "dropout", DrawsFromAGlobalGenerator),
    with_node("dropout-seed", "dropout", IgnoresTheSeed),
    _activation("relu", lambda x: np.where(x > 0, x, 0.01 * x)),
    _activation("relu", FUNCTIONS["relu"][0], np.ones_like),
    _activation("linear", lambda x: x + 1e-3),
    _activation("relu6", FUNCTIONS["relu"][0], lambda x: x > 0),
    # PyTorch's and Keras's layers of that name have other slopes.
    _activation("leaky_relu", lambda x: np.where(x > 0, x, 0.01 * x)),
    _activation("selu", FUNCTIONS["elu"][0]),
    _activation("silu", lambda x: x * FUNCTIONS["sigmoid"][0](1.702 * x)),
    # As Keras 2 had it.
    _activation("hard_sigmoid", lambda x: np.clip(0.2 * x + 0.5, 0, 1)),
    _activation("hard_swish", lambda x: x * np.clip(0.2 * x + 0.5, 0, 1)),
    _activation("softplus", lambda x: np.log(2) + np.maximum(x, 0)),
    _activation("softmax", _softmax_over_rows),
    _activation("elu", lambda x: np.where(x > 0, x, 0.5 * np.expm1(np.minimum(x, 0)))),
    _activation(
        "gelu",
        lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
    ),
    _activation("sigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    _activation("tanh", lambda x: 1.7159 * np.tanh(2 * x / 3)),
)
