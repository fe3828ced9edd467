"""Scaling pixel values: a multiplication and an addition, fitted on training images alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.augmentation.window import Images

Value = TypeVar("Value", np.uint8, np.float32)
Kind = Literal["scale", "center", "standardize", "none"]
CHUNK_BYTES = 1 << 24
"""How much of the images is read at a time."""
LEVELS = np.arange(256)
LEAST_DEVIATION = 1 / 255
"""One grey level of 8-bit images on the scale 0..1."""


@dataclass(frozen=True, slots=True, eq=False)
class Normalization:
    """y = factor * x + offset, for pixels x in 0..255 or a signal's values.

    factor, offset: float32, shape () or (1, 1, channels).
    """

    kind: Kind
    factor: NDArray[np.float32]
    offset: NDArray[np.float32]

    def apply(self, images: Images) -> NDArray[np.float32]:
        """Normalised copies. images: in 0..255, or signals, (..., height, width, channels)."""
        result: NDArray[np.float32] = np.multiply(images, self.factor, dtype=np.float32)
        result += self.offset
        return result


def fit_normalization(
    images: NDArray[np.uint8] | NDArray[np.float32], rows: NDArray[np.int64], kind: Kind
) -> Normalization:
    """The normalisation that these rows, the training images, determine.

    images: shape (n, height, width, channels), may be a memory map: it is read in parts.

    scale: 0..1. center: then minus the mean of each channel over all pixels of these images.
    standardize: then divided by its standard deviation (of the population), as Keras's layer
    Normalization and its ImageDataGenerator.fit have it; a channel that deviates by less than one
    grey level is centred only, since dividing by almost nothing would turn a speck in a test image
    into a huge number. none: 0..255 as they are.

    Of signals, float32 of the shape (n, length, 1, channels), scale divides each channel by its
    largest magnitude among these rows, center subtracts its mean, standardize divides by its
    standard deviation, too, unless the channel is constant.
    """
    if images.dtype != np.uint8:
        return _fit_signals(cast("NDArray[np.float32]", images), rows, kind)
    one, zero = np.float32(1), np.float32(0)
    if kind == "none":
        return Normalization(kind, np.asarray(one), np.asarray(zero))
    if kind == "scale":
        return Normalization(kind, np.asarray(one / np.float32(255)), np.asarray(zero))
    mean, deviation = _moments(cast("NDArray[np.uint8]", images), rows)
    if kind == "center":
        deviation = np.ones_like(deviation)
    else:
        deviation = np.where(deviation < LEAST_DEVIATION, 1.0, deviation)
    return Normalization(
        kind,
        (1 / (255 * deviation)).astype(np.float32),
        (-mean / deviation).astype(np.float32),
    )


def _fit_signals(
    signals: NDArray[np.float32], rows: NDArray[np.int64], kind: Kind
) -> Normalization:
    """Sums in float64, part after part: the same for the same rows."""
    channels = signals.shape[-1]
    factor, mean = np.ones(channels), np.zeros(channels)
    count = len(rows) * signals[0, ..., 0].size
    if kind == "scale":
        largest = [np.abs(part).max(axis=(0, 1, 2)) for part in _parts(signals, rows)]
        factor = np.max(largest, axis=0).astype(np.float64)
    elif kind != "none":
        sums = [part.sum(axis=(0, 1, 2), dtype=np.float64) for part in _parts(signals, rows)]
        mean = np.sum(sums, axis=0) / count
    if kind == "standardize":
        squares = [((part - mean) ** 2).sum(axis=(0, 1, 2)) for part in _parts(signals, rows)]
        factor = np.sqrt(np.sum(squares, axis=0) / count)
    factor = np.where(factor == 0, 1.0, factor)
    return Normalization(
        kind,
        (1 / factor).astype(np.float32).reshape(1, 1, -1),
        (-mean / factor).astype(np.float32).reshape(1, 1, -1),
    )


def _moments(
    images: NDArray[np.uint8], rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of each channel on the scale 0..1, shape (1, 1, channels).

    Sums of whole numbers are exact, so the result does not depend on the size of the parts.
    """
    channels = images.shape[-1]
    totals, squares = [0] * channels, [0] * channels
    for part in _parts(images, rows):
        for channel in range(channels):
            counts = np.bincount(part[..., channel].reshape(-1), minlength=256)
            totals[channel] += int(counts @ LEVELS)
            squares[channel] += int(counts @ LEVELS**2)
    count = len(rows) * images[0, ..., 0].size
    mean = [total / count / 255 for total in totals]
    deviation = [
        math.sqrt((count * square - total**2) / count**2) / 255
        for total, square in zip(totals, squares, strict=True)
    ]
    return np.array(mean).reshape(1, 1, -1), np.array(deviation).reshape(1, 1, -1)


def _parts(images: NDArray[Value], rows: NDArray[np.int64]) -> Iterator[NDArray[Value]]:
    step = max(1, CHUNK_BYTES // max(1, images[0].nbytes))
    for start in range(0, len(rows), step):
        yield images[rows[start : start + step]]
