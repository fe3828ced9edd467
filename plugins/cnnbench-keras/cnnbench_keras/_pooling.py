"""Average pooling with "same" padding where Keras itself has it wrong."""

from __future__ import annotations

from typing import Any

import keras

from cnnbench.network.layers import Pool


# Keras has no types: its classes are Any to mypy.
class PaddedAveragePooling(keras.layers.Layer):  # type: ignore[misc]
    """The mean over the pixels of a window that lie in the image, on channels_first maps.

    Keras on torch pads unevenly by repeating the border and counts what it repeated; TensorFlow and
    JAX count no padded pixel, as `cnnbench.network.layers.Pool` promises.
    """

    def __init__(self, pool: Pool, **common: Any) -> None:
        super().__init__(**common)
        self._pool = pool

    def call(self, maps: Any) -> Any:
        """maps: (n, channels, height, width)."""
        inside = keras.ops.ones((1, 1, *maps.shape[2:]), maps.dtype)
        return self._mean(maps) / self._mean(inside)

    def _mean(self, maps: Any) -> Any:
        """Over whole windows of the maps padded with zeros."""
        sides = zip(maps.shape[2:], self._pool.size, self._pool.strides, strict=True)
        padding = [(0, 0), (0, 0), *(_padding(*side) for side in sides)]
        return keras.ops.average_pool(
            keras.ops.pad(maps, padding),
            self._pool.size,
            self._pool.strides,
            padding="valid",
            data_format="channels_first",
        )


def _padding(length: int, window: int, stride: int) -> tuple[int, int]:
    """Pixels before and after, so that ceil(length / stride) windows fit; the odd one after."""
    windows = -(-length // stride)
    total = max(0, (windows - 1) * stride + window - length)
    return total // 2, total - total // 2
