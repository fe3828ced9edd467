"""Files to be predicted: found in folders, read as those of training were."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
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
from cnnbench.data.sources.unlabelled import ENDINGS, read_unlabelled
from cnnbench.errors import DataError
from cnnbench.training.images import Pixels
from cnnbench.winner.preprocessing import Preprocessing

CHUNK = 256
"""Files that are decoded at a time, so that thousands of photos fit into memory."""
MOST_THREADS = 8
ONE_OF_A_FILE = re.compile(r"(?P<path>.+):(?P<row>[0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Some images, or signals. images: those that could be read, as `Preprocessing.shape` has them.

    paths: the file of each, also of those that could not be read. reasons: why not, "" of the
    others. rows: of signals, which of its file each is, from 1; None of what is a file by itself.
    """

    paths: tuple[Path, ...]
    reasons: tuple[str, ...]
    images: Pixels
    rows: tuple[int | None, ...]


def together(parts: Sequence[Decoded]) -> Decoded:
    """All that several parts hold; at least one."""
    return Decoded(
        tuple(path for part in parts for path in part.paths),
        tuple(reason for part in parts for reason in part.reasons),
        np.concatenate([part.images for part in parts]),
        tuple(row for part in parts for row in part.rows),
    )


def files_of(paths: Iterable[Path], preprocessing: Preprocessing) -> list[Path]:
    """The paths themselves, and in place of a folder the files in it and below, by name.

    Of images, or of signals for a network that takes those. Raises DataError where there is none.
    """
    of_signals = preprocessing.of_signals
    extensions = frozenset(ENDINGS) if of_signals else readable_extensions()
    found: list[Path] = []
    given = list(paths)
    for path in given:
        found += _in_folder(path, extensions) if path.is_dir() else [path]
    if not found:
        names = ", ".join(str(path) for path in given) or "no path"
        what = "file of signals" if of_signals else "image"
        files = f"files ({', '.join(ENDINGS)})" if of_signals else "image files"
        raise DataError(f"there is no {what} in {names}: name {files}, or folders of them")
    return found


def decoded(files: Sequence[Path], preprocessing: Preprocessing) -> Iterator[Decoded]:
    """What the files hold, in order, some at a time."""
    if preprocessing.of_signals:
        for path in files:
            yield _signals(path, preprocessing)
        return
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
            reasons = tuple(x if isinstance(x, str) else "" for x in results)
            yield Decoded(part, reasons, images, (None,) * len(part))


def readable(files: Sequence[Path], preprocessing: Preprocessing) -> Iterator[Decoded]:
    """What the files hold, some at a time. Raises DataError for one that can't be read."""
    for part in decoded(files, preprocessing):
        for path, reason in zip(part.paths, part.reasons, strict=True):
            if reason and preprocessing.of_signals:
                raise DataError(reason)  # which says where in the file
            if reason:
                raise DataError(f"{path} can't be read: {reason}")
        yield part


def _in_folder(folder: Path, extensions: Collection[str]) -> list[Path]:
    """Files with such an extension; hidden ones and folders behind links are passed over."""
    return sorted(
        Path(place, name)
        for place, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".") and Path(name).suffix.lower() in extensions
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


def _signals(path: Path, preprocessing: Preprocessing) -> Decoded:
    """The signals of a file, or the one of FILE:ROW."""
    length, _, channels = preprocessing.shape
    wanted: int | None = None
    if (one := ONE_OF_A_FILE.fullmatch(str(path))) and not path.exists():
        path, wanted = Path(one["path"]), int(one["row"])
    try:
        values = read_unlabelled(path, length, channels)[:, :, np.newaxis, :]
    except DataError as error:
        return _lost(path, str(error), preprocessing)
    rows = range(1, len(values) + 1)
    if wanted is not None and wanted not in rows:
        why = f"{path} has {len(values):,} signals, and none is number {wanted}"
        return _lost(path, why, preprocessing)
    if wanted is not None:
        values, rows = values[wanted - 1 : wanted], range(wanted, wanted + 1)
    return Decoded((path,) * len(rows), ("",) * len(rows), values, tuple(rows))


def _lost(path: Path, reason: str, preprocessing: Preprocessing) -> Decoded:
    nothing = np.empty((0, *preprocessing.shape), np.float32)
    return Decoded((path,), (reason,), nothing, (None,))
