"""Contrast and brightness of float32 images in 0..255, in place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.augmentation.parameters import Values

WHITE = 255.0


def adjust_contrast(images: NDArray[np.float32], factors: Values) -> None:
    """RandomContrast: scale the distance to the mean of each image and channel, clip to 0..255."""
    count, height, width, channels = images.shape
    factor = factors.astype(np.float32)[:, None, None]
    mean = images.mean(axis=1).mean(axis=1)[:, None]
    # Whole rows of pixels at a time are several times faster than three channels at a time.
    rows = images.reshape(count, height, width * channels)
    rows *= factor
    rows += np.tile(mean * (1 - factor), width)
    np.clip(rows, 0, WHITE, out=rows)


def adjust_brightness(images: NDArray[np.float32], fractions: Values) -> None:
    """RandomBrightness: add a fraction of the range of values, clip to 0..255."""
    images += (fractions * WHITE).astype(np.float32)[:, None, None, None]
    np.clip(images, 0, WHITE, out=images)
