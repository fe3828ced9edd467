"""Image files to be predicted: found in folders, decoded as training images were."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._decode import (
    UnreadableError,
    decode,
    readable_extensions,
    white_for,
)
from cnnbench.errors import DataError
from cnnbench.winner.preprocessing import Preprocessing

CHUNK = 256
"""Files that are decoded at a time, so that thousands of photos fit into memory."""
MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Decoded:
    """Some files. images: uint8, (n, height, width, channels), of those that could be read.

    reasons: of each file why it could not be, "" if it could.
    """

    paths: tuple[Path, ...]
    reasons: tuple[str, ...]
    images: NDArray[np.uint8]


def image_files(paths: Iterable[Path]) -> list[Path]:
    """The paths themselves, and in place of a folder the images in it and below, by name.

    Raises DataError where that is none at all.
    """
    found: list[Path] = []
    given = list(paths)
    for path in given:
        found += _in_folder(path) if path.is_dir() else [path]
    if not found:
        names = ", ".join(str(path) for path in given) or "no path"
        raise DataError(f"there is no image in {names}: name image files, or folders of them")
    return found


def decoded(files: Sequence[Path], preprocessing: Preprocessing) -> Iterator[Decoded]:
    """The files in order, some at a time."""
    with (
        ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as pool,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # Pillow's, on odd files; what can't be read is told
        for start in range(0, len(files), CHUNK):
            part = tuple(files[start : start + CHUNK])
            results = list(pool.map(lambda path: _decode(path, preprocessing), part))
            read = [x for x in results if not isinstance(x, str)]
            images = np.stack(read) if read else np.empty((0, *preprocessing.shape), np.uint8)
            yield Decoded(part, tuple(x if isinstance(x, str) else "" for x in results), images)


def readable(files: Sequence[Path], preprocessing: Preprocessing) -> Iterator[Decoded]:
    """The files in order, some at a time. Raises DataError for one that can't be read."""
    for part in decoded(files, preprocessing):
        for path, reason in zip(part.paths, part.reasons, strict=True):
            if reason:
                raise DataError(f"{path} can't be read: {reason}")
        yield part


def _in_folder(folder: Path) -> list[Path]:
    """Files with an image's extension; hidden ones and folders behind links are passed over."""
    known = readable_extensions()
    return sorted(
        Path(place, name)
        for place, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".") and Path(name).suffix.lower() in known
    )


def _decode(path: Path, preprocessing: Preprocessing) -> NDArray[np.uint8] | str:
    """The pixels, or why there are none."""
    height, width, _ = preprocessing.shape
    white = preprocessing.white
    try:
        pixels = decode(str(path), (height, width), preprocessing.color, white)
        if isinstance(pixels, int):  # more than 8 bits a channel, which no training image had
            pixels = decode(str(path), (height, width), preprocessing.color, white_for(pixels))
    except UnreadableError as error:
        return str(error)
    assert not isinstance(pixels, int)
    return pixels
