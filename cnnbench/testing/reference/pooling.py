"""Max, average and global average pooling."""

from __future__ import annotations

import numpy as np

from cnnbench.network.layers import GlobalAveragePool, GlobalMaxPool, Pool
from cnnbench.testing.reference.node import Array, ReferenceNode
from cnnbench.testing.reference.windows import Windows


class PoolNode(ReferenceNode[Pool]):
    """A padded pixel never wins a maximum and is not counted in an average."""

    windows = Windows

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """The largest or the mean pixel of every window, per channel."""
        layer = self.layer
        self.place = self.windows(x.shape, layer.size, layer.strides, layer.padding)
        if layer.kind == "max":
            self.views = self.place.view(self.place.pad(x, -np.inf))
            highest: Array = self.views.max(axis=(-2, -1))
            return highest
        self.counts = self.count(x)
        total: Array = self.place.view(self.place.pad(x, 0.0)).sum(axis=(-2, -1))
        return total / self.counts

    def count(self, x: Array) -> Array:
        """How many real pixels each window averages, shape of the output."""
        real = self.place.view(self.place.pad(np.ones_like(x), 0.0))
        counts: Array = real.sum(axis=(-2, -1))
        return counts

    def backward(self, slope: Array) -> Array:
        """To the largest pixel of each window, or shared by those that were averaged."""
        window = self.layer.size
        if self.layer.kind == "average":
            share = (slope / self.counts)[..., None, None]
            return self.place.add_back(np.broadcast_to(share, (*slope.shape, *window)))
        # Of equal pixels the first wins, as in TensorFlow and PyTorch.
        flat = self.views.reshape(*slope.shape, -1)
        winner = flat.argmax(axis=-1)[..., None] == np.arange(flat.shape[-1])
        return self.place.add_back((winner * slope[..., None]).reshape(*slope.shape, *window))


class GlobalAveragePoolNode(ReferenceNode[GlobalAveragePool]):
    """The mean over height and width."""

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """Shape (n, channels), or (n, 1, 1, channels)."""
        self.shape = x.shape
        mean: Array = x.mean(axis=(1, 2), keepdims=self.layer.keepdims)
        return mean

    def backward(self, slope: Array) -> Array:
        """Shared equally by the pixels of a channel."""
        pixels = self.shape[1] * self.shape[2]
        n, *_, channels = self.shape
        return np.broadcast_to(slope.reshape(n, 1, 1, channels) / pixels, self.shape)


class GlobalMaxPoolNode(ReferenceNode[GlobalMaxPool]):
    """The largest value over height and width."""

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """Shape (n, channels), or (n, 1, 1, channels)."""
        self.x = x
        highest: Array = x.max(axis=(1, 2), keepdims=self.layer.keepdims)
        return highest

    def backward(self, slope: Array) -> Array:
        """To the largest pixel of each channel, shared by equal ones."""
        n, *_, channels = self.x.shape
        highest: Array = self.x.max(axis=(1, 2), keepdims=True)
        winners = (self.x == highest).astype(np.float64)
        share: Array = winners / winners.sum(axis=(1, 2), keepdims=True)
        return share * slope.reshape(n, 1, 1, channels)
