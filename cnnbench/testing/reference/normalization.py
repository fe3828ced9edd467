"""Batch normalisation (Ioffe and Szegedy 2015, algorithms 1 and 2)."""

from __future__ import annotations

import numpy as np

from cnnbench.network.layers import BatchNorm, Rescaling
from cnnbench.testing.reference.node import Array, ReferenceNode


class BatchNormNode(ReferenceNode[BatchNorm]):
    """Over the last axis; a frozen one uses its moving statistics in training too."""

    trainable = ("gamma", "beta")

    def forward(self, x: Array, *, training: bool) -> Array:
        """Computes gamma * (x - mean) / sqrt(variance + epsilon) + beta."""
        self.axes = tuple(range(x.ndim - 1))
        self.batch_counts = training and not self.frozen
        if self.batch_counts:
            mean: Array = x.mean(axis=self.axes)
            variance: Array = x.var(axis=self.axes)
            self.follow("mean", mean)
            self.follow("variance", self.tracked_variance(x))
        else:
            mean, variance = self.arrays["mean"], self.arrays["variance"]
        self.scale = self.inverse_deviation(variance)
        self.normal = (x - mean) * self.scale
        return self.arrays.get("gamma", 1.0) * self.normal + self.arrays.get("beta", 0.0)

    def follow(self, name: str, value: Array) -> None:
        """Move a moving statistic towards the batch's."""
        momentum = self.layer.momentum
        self.arrays[name] = momentum * self.arrays[name] + (1 - momentum) * value

    def tracked_variance(self, x: Array) -> Array:
        """The variance that the moving statistic follows: the biased one, divided by n."""
        variance: Array = x.var(axis=self.axes)
        return variance

    def inverse_deviation(self, variance: Array) -> Array:
        """1 / sqrt(variance + epsilon)."""
        return 1 / np.sqrt(variance + self.layer.epsilon)

    def backward(self, slope: Array) -> Array:
        """Through the batch's statistics too, where they were used."""
        self.gradients["gamma"] = (slope * self.normal).sum(axis=self.axes)
        self.gradients["beta"] = slope.sum(axis=self.axes)
        slope = slope * self.arrays.get("gamma", 1.0)
        if self.batch_counts:
            # The batch's mean and variance depend on every image, so their slopes come off.
            slope = (
                slope
                - slope.mean(axis=self.axes)
                - self.normal * (slope * self.normal).mean(axis=self.axes)
            )
        return slope * self.scale


class RescalingNode(ReferenceNode[Rescaling]):
    """The constants stand at the last axis."""

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """Computes scale * x + offset."""
        y: Array = np.asarray(self.layer.scale) * x + np.asarray(self.layer.offset)
        return y

    def backward(self, slope: Array) -> Array:
        """Times the scale."""
        below: Array = np.asarray(self.layer.scale) * slope
        return below
