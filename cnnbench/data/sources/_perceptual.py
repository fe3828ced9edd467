"""Photos that show nearly the same: found by a perceptual hash, confirmed by comparing pixels.

The hash is that of Zauner (2010): the signs of the lowest 8 x 8 coefficients of the cosine
transform of a grey image of 32 x 32 pixels, each against their median. Photos that differ in at
most DISTANCE of 64 signs are compared in colour, and count where they correlate by CORRELATION or
more.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._rows import RowFile

SIDE, LOWEST = 32, 8
"""Pixels of a side of what is compared, and coefficients of a side of the hash."""
DISTANCE, CORRELATION = 12, 0.85
COLORED = 8
"""How far the channels of a colour image are apart on average, of 255."""
SAMPLE = 100
"""Images by which a set is known to be in colour."""
EACH = 8
"""Pairs that are looked at of each image, those whose signs differ least."""
BLOCK = 256
"""Images that are compared with all others at a time."""
GREY = np.array([0.299, 0.587, 0.114], np.float32)
"""ITU-R BT.601, as Pillow and OpenCV weigh the channels."""

Pixels = NDArray[np.uint8]
Reader = Callable[[NDArray[np.int64]], Pixels]


def alike_photos(path: Path, distinct: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Rows of pairs, (m, 2), as `alike_pairs` finds them; None of images that are no photos.

    path: of a file of images, which is read row by row. distinct: rows to look at, ascending, of
    equal images one. Photos are in colour for the most part, and not smaller than what is compared:
    digits, drawings and X-rays look alike without being of the same thing.
    """
    with RowFile.open(path) as images:
        _, height, width, channels = images.shape
        if channels != 3 or min(height, width) < SIDE or len(distinct) < 2:  # noqa: PLR2004
            return None
        read = partial(_small, images)
        if not in_color(read(distinct[:: -(-len(distinct) // SAMPLE)])):
            return None
        return alike_pairs(read, distinct)


def in_color(small: Pixels) -> bool:
    """Whether most images are. small: (n, SIDE, SIDE, 3)."""
    apart = np.ptp(small.astype(np.int16), axis=3).mean(axis=(1, 2))
    return bool(np.median(apart) >= COLORED)


def alike_pairs(read: Reader, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs of rows, (m, 2), the earlier one first, those that correlate most before the others.

    read: the images of some rows, (n, SIDE, SIDE, 3); asked for a block at a time, and again for
    those that may be in a pair. Of an image that many resemble the EACH likest of those behind it
    count, which join all of them nevertheless.
    """
    signs = np.concatenate([_signs(read(rows[start : start + BLOCK])) for start in _starts(rows)])
    near = np.concatenate([_near(start, signs) for start in _starts(rows)])
    met, places = np.unique(near, return_inverse=True)
    small, places = read(rows[met]), places.reshape(near.shape)
    parts = [_correlations(small, places[start : start + BLOCK]) for start in _starts(near)]
    likeness = np.concatenate(parts) if parts else np.empty(0)
    order = np.argsort(-likeness, kind="stable")
    found = near.take(order[: np.count_nonzero(likeness >= CORRELATION)], axis=0)
    return rows.take(found)


def _starts(rows: NDArray[np.generic]) -> range:
    return range(0, len(rows), BLOCK)


def _small(images: RowFile, rows: NDArray[np.int64]) -> Pixels:
    """These images at SIDE x SIDE pixels."""
    small = np.empty((len(rows), SIDE, SIDE, 3), np.uint8)
    for place, row in enumerate(rows.tolist()):
        image = np.frombuffer(images.read(row), np.uint8).reshape(images.shape[1:])
        small[place] = shrunk(image)
    return small


def shrunk(image: Pixels) -> Pixels:
    """An image at SIDE x SIDE pixels, by way of twice as many, which takes a third of the time."""
    import cv2

    if min(image.shape[:2]) > 2 * SIDE:
        image = np.asarray(cv2.resize(image, (2 * SIDE, 2 * SIDE)), np.uint8)
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _signs(small: Pixels) -> NDArray[np.float32]:
    """1 and -1, (n, 64)."""
    lowest: NDArray[np.float32] = WAVES @ (small @ GREY) @ WAVES.T
    flat = lowest.reshape(len(small), -1)
    above = flat > np.median(flat, axis=1, keepdims=True)
    return np.where(above, np.float32(1), np.float32(-1))


def _waves() -> NDArray[np.float32]:
    """The first LOWEST rows of the orthonormal cosine transform (DCT-II) of SIDE values."""
    number, place = np.ogrid[:LOWEST, :SIDE]
    waves: NDArray[np.float64] = np.cos(np.pi * number * (2 * place + 1) / (2 * SIDE)) * np.sqrt(
        2 / SIDE
    )
    waves[0] /= np.sqrt(2)
    return waves.astype(np.float32)


WAVES = _waves()


def _near(start: int, signs: NDArray[np.float32]) -> NDArray[np.int64]:
    """Pairs, (m, 2), of a block's images with those behind them whose signs differ little."""
    equal = signs[start : start + BLOCK] @ signs[start:].T  # equal signs minus those that differ
    count = len(equal)
    equal[:, :count][np.tril_indices(count)] = -np.inf
    is_near = equal >= signs.shape[1] - 2 * DISTANCE
    crowded = np.flatnonzero(is_near.sum(axis=1) > EACH)
    if len(crowded):
        likest = np.argpartition(-equal[crowded], EACH, axis=1)[:, :EACH]
        is_near[crowded] = False
        is_near[crowded[:, None], likest] = True
    return np.argwhere(is_near).astype(np.int64) + start


def _correlations(small: Pixels, pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Pearson's over all pixels, each channel about its own mean; 0 where one is of one colour."""
    one, other = (_about_mean(small[rows]) for rows in pairs.T)
    sizes = (one**2).sum(axis=(1, 2, 3)) * (other**2).sum(axis=(1, 2, 3))
    products = (one * other).sum(axis=(1, 2, 3))
    likeness = np.zeros(len(pairs))
    np.divide(products, np.sqrt(sizes), out=likeness, where=sizes > 0)
    return likeness


def _about_mean(images: Pixels) -> NDArray[np.float32]:
    wide = images.astype(np.float32)
    wide -= wide.mean(axis=(1, 2), keepdims=True)
    return wide
