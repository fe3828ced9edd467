"""What looking for photos that are almost alike adds to decoding them, and how many it finds.

The first part decodes PHOTOS, a folder or an archive, to 150 x 150 pixels with and without looking,
each into an empty cache. The second takes every tenth photo and moves, turns, zooms and lights a
copy of each at random, up to the amounts that it prints, and counts how many copies are found. The
third has 20,000 images of noise to compare.

    python tests/speed/bench_alike.py PHOTOS
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from turns import by_turns, machine

from cnnbench.data.sources import _perceptual
from cnnbench.data.sources.cache import VARIABLE, open_images
from cnnbench.data.sources.folder import Folder
from cnnbench.data.sources.source import Request

SIDE = 150
ROUNDS = 5
MOVES = ((0.01, 0.5), (0.02, 1.0), (0.03, 2.0), (0.05, 3.0), (0.08, 4.0))
"""Fractions of the width, of the zoom too, and degrees."""
LIGHT = 0.1
MANY = 20_000

Pixels = NDArray[np.uint8]


class Unseeing(Folder):
    """A folder without looking for photos that are almost alike."""

    photos: ClassVar[bool] = False


def main() -> None:
    if not sys.argv[1:]:
        print("left out: give a folder or an archive of photos")
        return
    photos = str(Path(sys.argv[1]).absolute())
    with tempfile.TemporaryDirectory() as name:
        os.environ[VARIABLE] = str(Path(name) / "cache")
        found = open_images(Folder(), Request(photos, (SIDE, SIDE)))
        images = np.array(found.images)
        count = len(images)
        print(f"{count:,} photos, {SIDE}x{SIDE}, on {machine()}")
        for first, second in found.alike.tolist() if found.alike is not None else ():
            print(f"  almost alike: {found.names[first]} and {found.names[second]}")
        by_turns(
            {
                "looking": lambda: decode(Folder(), photos),
                "not looking": lambda: decode(Unseeing(), photos),
            },
            ROUNDS,
            images=count,
        )
    draw = np.random.default_rng(0)
    for move, turn in MOVES:
        some = images[::10]
        both = np.concatenate([some, [changed(image, move, turn, draw) for image in some]])
        pairs = pairs_of(np.stack([_perceptual.shrunk(image) for image in both]))
        copies = int((pairs[:, 1] - pairs[:, 0] == len(some)).sum())
        print(
            f"  moved and zoomed by up to {move:.0%}, turned by up to {turn} degrees: "
            f"{copies / len(some):.0%} of {len(some)} found, {len(pairs) - copies} others"
        )
    noise = draw.integers(0, 256, (MANY, 32, 32, 3)).astype(np.uint8)
    start = time.perf_counter()
    pairs_of(noise)
    print(f"  {MANY:,} images of 32x32 compared in {time.perf_counter() - start:.1f} s")


def decode(source: Folder, photos: str) -> float:
    shutil.rmtree(os.environ[VARIABLE], ignore_errors=True)
    start = time.perf_counter()
    open_images(source, Request(photos, (SIDE, SIDE)))
    return time.perf_counter() - start


def pairs_of(images: Pixels) -> NDArray[np.int64]:
    return _perceptual.alike_pairs(images.__getitem__, np.arange(len(images)))


def changed(image: Pixels, move: float, turn: float, draw: np.random.Generator) -> Pixels:
    middle = (SIDE / 2, SIDE / 2)
    matrix = cv2.getRotationMatrix2D(
        middle, draw.uniform(-turn, turn), 1 + draw.uniform(-move, move)
    )
    matrix[:, 2] += draw.uniform(-move, move, 2) * SIDE
    moved = cv2.warpAffine(image, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
    lit = moved * draw.uniform(1 - LIGHT, 1 + LIGHT) + 255 * draw.uniform(-LIGHT, LIGHT) / 2
    return np.clip(lit, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
