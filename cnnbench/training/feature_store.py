"""Features on disk, so that a process may be killed at any moment and the next one goes on.

An entry is a folder features-KEY: features.npy, float32 or float16, a row for each image; marks,
which row is there with which checksum; spent.json, what the rows took. A row counts once its mark
fits it.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.prepared import Features
from cnnbench.data.sources.cache import VARIABLE, cache_folder
from cnnbench.errors import DataError
from cnnbench.results.files import write_atomically

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOGGER = logging.getLogger(__name__)
LARGEST = 16 * 2**30
"""Bytes of all entries; beyond it the ones not used for longest make room."""
_THERE = np.uint64(1 << 32)
"""Set in the mark of a row that is there, since a checksum may be 0."""


class FeatureEntry:
    """A folder of features.

    key: a hash of everything that decides them. count: of images. shape: of the features of one,
    (height, width, channels). kind: "float32", or "float16" in half the room.
    """

    def __init__(
        self, key: str, count: int, shape: tuple[int, int, int], kind: str = "float32"
    ) -> None:
        self.key = key
        self._folder = cache_folder() / f"features-{key}"
        self._shape = (count, *shape)
        self._kind = np.dtype(kind).newbyteorder("<")
        self._bytes = self._kind.itemsize * int(np.prod(shape))
        self._data = self._folder / "features.npy"
        self._marks = self._folder / "marks"
        self._spent = self._folder / "spent.json"

    @property
    def size(self) -> int:
        """Bytes that it takes when all rows are there."""
        return self._bytes * self._shape[0]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """With the entry's lock. Raises DataError where the folder can't be written."""
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            with _lock(self._folder, blocking=True):
                if not self._is_whole():
                    self._create()
                os.utime(self._folder)
                yield
        except OSError as error:
            raise DataError(
                f"features can't be kept in {cache_folder()}: {error.strerror or error}; make room "
                f"there or make it writable, set the environment variable {VARIABLE} to another "
                'folder, or use transfer.strategy = "frozen" without augmentation.copies, which '
                "keeps none"
            ) from error

    def missing(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the rows that are not there or damaged, each once, in order."""
        marks, data = np.fromfile(self._marks, np.uint64), self.read()
        # Rows that nobody wrote are holes, which a full disk in memory has no page for: reading one
        # would kill the process.
        return np.array(
            [row for row in np.unique(rows) if not marks[row] or marks[row] != _mark(data[row])],
            np.int64,
        )

    def write(self, rows: NDArray[np.int64], features: NDArray[np.float32], seconds: float) -> None:
        """Keep the features of some rows, which took so long.

        Raises DataError for numbers that are too large for float16.
        """
        assert features.shape[1:] == self._shape[1:], "features of another layer"
        with np.errstate(over="ignore"):
            kept = np.ascontiguousarray(features, self._kind)
        if not np.isfinite(kept).all() and np.isfinite(features).all():
            raise DataError(
                f"features of up to {np.abs(features).max():.3g} don't fit float16, which ends at "
                '65504: set transfer.feature_precision = "float32"'
            )
        offset = self._data.stat().st_size - self.size
        with self._data.open("r+b") as data, self._marks.open("r+b") as marks:
            for row, made in zip(rows.tolist(), kept, strict=True):
                data.seek(offset + row * self._bytes)
                data.write(made.data)
                marks.seek(row * _THERE.nbytes)
                marks.write(_mark(made).tobytes())
        count, spent = self._so_far()
        write_atomically(self._spent, json.dumps([count + len(rows), spent + seconds]).encode())

    def read(self) -> Features:
        """All rows, mapped; they outlive the folder."""
        array: Features = np.load(self._data, mmap_mode="r")
        return array

    def seconds(self, count: int) -> float:
        """What so many rows take, by what was spent on those that are there; 0 if that is lost."""
        known, spent = self._so_far()
        return spent / known * count if known else 0.0

    def _so_far(self) -> tuple[int, float]:
        try:
            count, spent = json.loads(self._spent.read_bytes())
            return int(count), float(spent)
        except (OSError, ValueError):
            return 0, 0.0

    def _is_whole(self) -> bool:
        try:
            data = self.read()
            right = data.shape == self._shape and data.dtype == self._kind
            return right and self._marks.stat().st_size == self._shape[0] * _THERE.nbytes
        except (OSError, ValueError):
            return False

    def _create(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        _make_room(self._folder.parent, self.size)
        self._folder.mkdir()
        with self._data.open("wb") as file:
            header = {"descr": self._kind.str, "fortran_order": False, "shape": self._shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(file.tell() + self.size)
        with self._marks.open("wb") as file:
            file.truncate(self._shape[0] * _THERE.nbytes)


def _mark(row: Features) -> np.uint64:
    return _THERE | np.uint64(zlib.crc32(np.ascontiguousarray(row).data))


def _lock(folder: Path, *, blocking: bool) -> BaseFileLock:
    from filelock import FileLock

    return FileLock(folder.with_suffix(".lock"), blocking=blocking)


def _make_room(folder: Path, wanted: int) -> None:
    """Remove the entries not used for longest, as far as all would take more than LARGEST.

    None that somebody writes into.
    """
    from filelock import Timeout

    entries = sorted(
        (path for path in folder.glob("features-*") if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
    )
    sizes = [sum(x.stat().st_size for x in path.iterdir()) for path in entries]
    excess = sum(sizes) + wanted - LARGEST
    for path, size in zip(entries, sizes, strict=True):
        if excess <= 0:
            return
        try:
            with _lock(path, blocking=False):
                LOGGER.info("removing %s to make room", path)
                shutil.rmtree(path, ignore_errors=True)
                excess -= size
        except Timeout:
            LOGGER.info("%s would make room, but is written into", path)
