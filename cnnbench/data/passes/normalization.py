"""Scaling pixel values: a multiplication and an addition, fitted on training images alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["scale", "center", "standardize", "none"]
CHUNK_BYTES = 1 << 24
"""How much of the images is read at a time."""
LEVELS = np.arange(256)
LEAST_DEVIATION = 1 / 255
"""One grey level of 8-bit images on the scale 0..1."""


@dataclass(frozen=True, slots=True, eq=False)
class Normalization:
    """y = factor * x + offset for x in 0..255.

    factor, offset: float32, shape () or (1, 1, channels).
    """

    kind: Kind
    factor: NDArray[np.float32]
    offset: NDArray[np.float32]

    def apply(self, images: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalised copies. images: in 0..255, shape (..., height, width, channels)."""
        result: NDArray[np.float32] = np.multiply(images, self.factor, dtype=np.float32)
        result += self.offset
        return result


def fit_normalization(
    images: NDArray[np.uint8], rows: NDArray[np.int64], kind: Kind
) -> Normalization:
    """The normalisation that these rows, the training images, determine.

    images: shape (n, height, width, channels), may be a memory map: it is read in parts.

    scale: 0..1. center: then minus the mean of each channel over all pixels of these images.
    standardize: then divided by its standard deviation (of the population), as Keras's layer
    Normalization and its ImageDataGenerator.fit have it; a channel that deviates by less than one
    grey level is centred only, since dividing by almost nothing would turn a speck in a test image
    into a huge number. none: 0..255 as they are.
    """
    one, zero = np.float32(1), np.float32(0)
    if kind == "none":
        return Normalization(kind, np.asarray(one), np.asarray(zero))
    if kind == "scale":
        return Normalization(kind, np.asarray(one / np.float32(255)), np.asarray(zero))
    mean, deviation = _moments(images, rows)
    if kind == "center":
        deviation = np.ones_like(deviation)
    else:
        deviation = np.where(deviation < LEAST_DEVIATION, 1.0, deviation)
    return Normalization(
        kind,
        (1 / (255 * deviation)).astype(np.float32),
        (-mean / deviation).astype(np.float32),
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


def _parts(images: NDArray[np.uint8], rows: NDArray[np.int64]) -> Iterator[NDArray[np.uint8]]:
    step = max(1, CHUNK_BYTES // max(1, images[0].nbytes))
    for start in range(0, len(rows), step):
        yield images[rows[start : start + step]]
