"""Signals as small pictures, so that they stand wherever images do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnbench.report.pictures.palette import BLUE, ORANGE

HEIGHT, WIDTH = 96, 128
_MARGIN = 6
_LINES = (BLUE, ORANGE)
_FINER = 4
"""Drawn so many times larger first: lines come out smooth."""


def as_picture(image: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.uint8]:
    """An image as it is; a signal, float32 of the shape (length, 1, channels), as its curves.

    Time runs to the right; the lowest and highest value of all channels touch the margins. Beyond
    the second channel colours repeat.
    """
    if image.dtype == np.uint8:
        return np.asarray(image, np.uint8)
    from PIL import Image, ImageDraw

    signal = np.asarray(image[:, 0, :], np.float64)
    low, high = signal.min(), signal.max()
    margin, tall, wide = (_FINER * size for size in (_MARGIN, HEIGHT, WIDTH))
    across = np.linspace(margin, wide - margin, len(signal))
    down = tall - margin - (signal - low) / (high - low or 1.0) * (tall - 2 * margin)
    picture = Image.new("RGB", (wide, tall), "white")
    pen = ImageDraw.Draw(picture)
    for channel in range(signal.shape[1]):
        points = np.column_stack([across, down[:, channel]]).ravel().tolist()
        pen.line(points, fill=_LINES[channel % len(_LINES)], width=_FINER, joint="curve")
    return np.asarray(picture.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR), np.uint8)
