"""Sliding windows with TensorFlow's padding, which convolution and pooling share."""

from __future__ import annotations

import numpy as np

from cnnbench.network.layers import Padding, Pair
from cnnbench.testing.reference.node import Array


def padding_amounts(size: int, window: int, stride: int, padding: Padding) -> tuple[int, int]:
    """Rows (or columns) to add before and after `size` of them.

    "same" gives ceil(size / stride) outputs; of an odd number the larger half goes to the end.
    """
    if padding == "valid":
        return 0, 0
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


class Windows:
    """The windows of one input shape: pads, views and adds back.

    shape: of the input, (n, height, width, channels).
    """

    amounts = staticmethod(padding_amounts)

    def __init__(
        self,
        shape: tuple[int, ...],
        window: Pair,
        stride: Pair,
        padding: Padding,
        dilation: Pair = (1, 1),
    ) -> None:
        self.shape = shape
        self.window = window
        self.stride = stride
        self.dilation = dilation
        self.extent = tuple(
            (size - 1) * gap + 1 for size, gap in zip(window, dilation, strict=True)
        )
        self.rows = self.amounts(shape[1], self.extent[0], stride[0], padding)
        self.columns = self.amounts(shape[2], self.extent[1], stride[1], padding)

    def pad(self, x: Array, value: float) -> Array:
        """X with its border of `value`."""
        return np.pad(x, ((0, 0), self.rows, self.columns, (0, 0)), constant_values=value)

    def view(self, padded: Array) -> Array:
        """Every window, shape (n, rows out, columns out, channels, window height, window width)."""
        views = np.lib.stride_tricks.sliding_window_view(padded, self.extent, axis=(1, 2))
        views = views[..., :: self.dilation[0], :: self.dilation[1]]
        return views[:, :: self.stride[0], :: self.stride[1]]

    def add_back(self, slopes: Array) -> Array:
        """Sum what each window says about each of its pixels; the transpose of pad and view.

        slopes: shape of `view`. Returns the shape of the input.
        """
        n, height, width, channels = self.shape
        padded = np.zeros((n, height + sum(self.rows), width + sum(self.columns), channels))
        down, right = self.stride
        for i in range(self.window[0]):
            for j in range(self.window[1]):
                top, left = i * self.dilation[0], j * self.dilation[1]
                rows = slice(top, top + down * slopes.shape[1], down)
                columns = slice(left, left + right * slopes.shape[2], right)
                padded[:, rows, columns] += slopes[..., i, j]
        top, left = self.rows[0], self.columns[0]
        return padded[:, top : top + height, left : left + width]
