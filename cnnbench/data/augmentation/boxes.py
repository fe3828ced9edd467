"""Rectangles in images: what is erased, and what another image takes the place of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.int64]
"""(top, left, height, width) of one rectangle in each image, shape (n, 4), whole pixels."""
Fractions = NDArray[np.float64]


def inside(image: NDArray[np.float32], box: NDArray[np.int64]) -> NDArray[np.float32]:
    """The pixels in the rectangle of one image, a view."""
    top, left, height, width = box.tolist()
    return image[top : top + height, left : left + width]
