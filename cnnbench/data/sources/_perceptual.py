"""Photos that show nearly the same: found by a perceptual hash, confirmed by comparing pixels.

The hash is that of Zauner (2010): the signs of the lowest 8 x 8 coefficients of the cosine
transform of a grey image of 32 x 32 pixels, each against their median. Photos that differ in at
most DISTANCE of 64 signs are compared in colour, and count where they correlate by CORRELATION or
more.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from cnnbench.processes import usable_cores

SIDE, LOWEST = 32, 8
"""Pixels of a side of what is compared, and coefficients of a side of the hash."""
DISTANCE, CORRELATION = 12, 0.85
COLORED = 8
"""How far the channels of a colour image are apart on average, of 255."""
MOST = 100_000
"""Pairs that are kept, the nearest first."""
BLOCK = 1024
"""Images that are made small, or compared with all others, at a time."""
GREY = np.array([0.299, 0.587, 0.114], np.float32)
"""ITU-R BT.601, as Pillow and OpenCV weigh the channels."""

Pixels = NDArray[np.uint8]


def are_photos(images: Pixels) -> bool:
    """Whether images are looked through for such pairs: most are in colour, and none is too small.

    Digits, drawings and X-rays look alike without being photos of the same thing.
    """
    if len(images) < 2 or images.shape[3] != 3 or min(images.shape[1:3]) < SIDE:  # noqa: PLR2004
        return False
    sample = images[:: -(-len(images) // 100)].astype(np.int16)
    apart = (sample.max(axis=3) - sample.min(axis=3)).mean(axis=(1, 2))
    return bool(np.median(apart) >= COLORED)


def alike_pairs(images: Pixels) -> NDArray[np.int64]:
    """Rows of pairs, (m, 2), the earlier row first, those that correlate most before the others.

    images: (n, height, width, 3), also mapped from disk; read a block at a time. Equal images are
    no pair, nor are those without any contrast.
    """
    small = _all_small(images)
    signs = np.concatenate([_signs(small[start : start + BLOCK]) for start in _starts(images)])
    found = [_pairs_from(start, small, signs) for start in _starts(images)]
    pairs = np.concatenate([pairs for pairs, _ in found])
    nearness = np.concatenate([nearness for _, nearness in found])
    nearest = pairs[np.argsort(-nearness, kind="stable")[:MOST]]
    differ = [not np.array_equal(images[one], images[other]) for one, other in nearest.tolist()]
    return nearest[np.array(differ, bool)]


def _starts(images: Pixels) -> range:
    return range(0, len(images), BLOCK)


def _all_small(images: Pixels) -> Pixels:
    """All images at SIDE x SIDE pixels."""
    with ThreadPoolExecutor(usable_cores()) as pool:
        blocks = [images[start : start + BLOCK] for start in _starts(images)]
        return np.concatenate(list(pool.map(_small, blocks)))


def _small(images: Pixels) -> Pixels:
    """Means over about equal parts of each image."""
    import cv2

    made = (cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for image in images)
    return np.stack([np.asarray(image, np.uint8) for image in made])


def _signs(small: Pixels) -> NDArray[np.float32]:
    """1 and -1, (n, 64)."""
    from scipy.fft import dct

    waves = dct(np.eye(SIDE), axis=0, norm="ortho")[:LOWEST].astype(np.float32)
    flat = (waves @ (small @ GREY) @ waves.T).reshape(len(small), -1)
    above = flat > np.median(flat, axis=1, keepdims=True)
    return np.where(above, np.float32(1), np.float32(-1))


def _pairs_from(
    start: int, small: Pixels, signs: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The pairs of a block's images with those behind them, and how much each correlates."""
    equal = signs[start : start + BLOCK] @ signs[start:].T  # signs that are equal minus the others
    first, second = np.nonzero(equal >= signs.shape[1] - 2 * DISTANCE)
    later = second > first
    first, second = first[later] + start, second[later] + start
    nearness = np.array([_correlation(small[a], small[b]) for a, b in _both(first, second)])
    kept = nearness >= CORRELATION
    return np.stack([first[kept], second[kept]], axis=1), nearness[kept]


def _both(first: NDArray[np.int64], second: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    return zip(first.tolist(), second.tolist(), strict=True)


def _correlation(one: Pixels, other: Pixels) -> float:
    """Pearson's over all pixels, each channel about its own mean; 0 where one is of one colour."""
    a, b = ((x - x.mean(axis=(0, 1))).ravel() for x in (one, other))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size else 0.0
