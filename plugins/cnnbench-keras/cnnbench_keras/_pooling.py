"""Pooling: Keras's layers, but for two that have a better equivalent on one framework."""

from __future__ import annotations

from itertools import product
from typing import Any

import keras

from cnnbench.plugin import Pool


def pooling(pool: Pool, data_format: str, common: dict[str, Any]) -> Any:
    """The Keras layer that pools maps in this format."""
    framework = keras.config.backend()
    if framework == "torch" and pool.kind == "average" and pool.padding == "same":
        return PaddedAveragePooling(pool, data_format, **common)
    tiles = pool.strides == pool.size and pool.padding == "valid"
    if framework == "jax" and pool.kind == "max" and tiles:
        return TiledMaxPooling(pool, **common)
    return keras_pooling(pool, data_format, common)


def keras_pooling(pool: Pool, data_format: str, common: dict[str, Any]) -> Any:
    """Keras's own."""
    kinds = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}
    return kinds[pool.kind](
        pool.size, pool.strides, pool.padding, data_format=data_format, **common
    )


# Keras has no types: its classes are Any to mypy.
class PaddedAveragePooling(keras.layers.Layer):  # type: ignore[misc]
    """The mean over the pixels of a window that lie in the image.

    Keras on torch pads unevenly by repeating the border and counts what it repeated; TensorFlow and
    JAX count no padded pixel, as `cnnbench.plugin.Pool` promises.
    """

    def __init__(self, pool: Pool, data_format: str, **common: Any) -> None:
        super().__init__(**common)
        assert data_format == "channels_first", "as maps lie on torch"
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


class TiledMaxPooling(keras.layers.Layer):  # type: ignore[misc]
    """The largest pixel of windows that don't overlap, pixel by pixel of the window.

    Same values and same gradient as Keras's layer, bit by bit: it goes to the first of equal
    pixels, and NaN stays NaN. XLA compiles the gradient of Keras's to a loop that takes over half
    of a small convnet's step on a CPU; this one is a few vectorised comparisons.
    """

    def __init__(self, pool: Pool, **common: Any) -> None:
        super().__init__(**common)
        self._size = pool.size

    def call(self, maps: Any) -> Any:
        """maps: (n, height, width, channels)."""
        (rows, columns), (_, height, width, channels) = self._size, maps.shape
        down, across = height // rows, width // columns
        whole = maps[:, : down * rows, : across * columns]
        tiles = keras.ops.reshape(whole, (-1, down, rows, across, columns, channels))
        largest = tiles[:, :, 0, :, 0]
        for row, column in list(product(range(rows), range(columns)))[1:]:
            pixel = tiles[:, :, row, :, column]
            stays = keras.ops.logical_or(largest >= pixel, keras.ops.isnan(largest))
            largest = keras.ops.where(stays, largest, pixel)
        return largest
