"""Random erasing: a rectangle of noise (Zhong et al. 2020)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.augmentation.boxes import Boxes, Fractions, inside
from cnnbench.data.augmentation.window import Size

AREA = (0.02, 0.33)
"""The least and the largest part of an image, as in torchvision; 0.4 in the paper."""
ASPECT = (0.3, 3.3)
"""Of height to width, as in torchvision; up to 1/0.3 in the paper."""


def erased_boxes(sizes: Fractions, down: Fractions, across: Fractions, size: Size) -> Boxes:
    """Rectangles of a random area, aspect ratio and place (algorithm 1, by the authors' code).

    sizes: (n, tries, 2), uniform in [0, 1), for the area and the ratio; the first try of an image
    counts that is smaller than it on both axes, and without one its rectangle is empty. down,
    across: (n,), uniform in [0, 1), which of the places where it fits.
    """
    area = np.prod(size) * (AREA[0] + (AREA[1] - AREA[0]) * sizes[..., 0])
    aspect = ASPECT[0] + (ASPECT[1] - ASPECT[0]) * sizes[..., 1]
    sides = np.stack([np.sqrt(area * aspect), np.sqrt(area / aspect)], axis=-1).round()
    fits: NDArray[np.bool_] = np.all(sides < size, axis=-1)
    first = sides[np.arange(len(sides)), fits.argmax(axis=1)]
    first[~np.any(fits, axis=1)] = 0
    starts = np.floor(np.stack([down, across], axis=-1) * (size - first + 1))
    return np.concatenate([starts, first], axis=1).astype(np.int64)


def erase(images: NDArray[np.float32], boxes: Boxes, keys: NDArray[np.uint64]) -> None:
    """Fill the rectangles with noise, in place: each value whole and uniform in 0..255.

    keys: (n,), what the noise of each image is drawn from.
    """
    for image, box, key in zip(images, boxes, keys.tolist(), strict=True):
        hole = inside(image, box)
        if hole.size:
            bits = np.random.Philox(key=key).random_raw(-(-hole.size // 8))
            hole[:] = bits.astype("<u8").view(np.uint8)[: hole.size].reshape(hole.shape)
