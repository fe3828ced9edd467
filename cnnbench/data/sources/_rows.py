"""A file of images that is read and written row by row: an array in NumPy's format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import IO, Self

import numpy as np

CHUNK_BYTES = 1 << 24
Shape = tuple[int, ...]


class RowFile:
    """uint8 images, shape (n, height, width, channels), in a file that numpy.load reads.

    Through a mapping the same would count as this process's memory. Raises OSError.
    """

    def __init__(self, path: Path, shape: Shape, offset: int, *, writable: bool) -> None:
        self._file: IO[bytes] = path.open("r+b" if writable else "rb")
        self._lock = Lock()
        self.path, self.shape, self.offset = path, shape, offset
        self.row_bytes = int(np.prod(shape[1:]))

    @classmethod
    def create(cls, path: Path, shape: Shape) -> Self:
        """A new file, as long as it will be; what no row was written to is empty."""
        with path.open("wb") as file:
            _write_header(file, shape)
            offset = file.tell()
            file.truncate(offset + int(np.prod(shape)))
        return cls(path, shape, offset, writable=True)

    @classmethod
    def open(cls, path: Path, *, writable: bool = False) -> Self:
        """A file that is there. Raises ValueError, too, where it is no such file."""
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            if version != (1, 0):
                raise ValueError(f"{path} is of another version, {version}")
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
            offset = file.tell()
        size = offset + int(np.prod(shape))
        if fortran or dtype != np.uint8 or len(shape) < 2 or path.stat().st_size != size:  # noqa: PLR2004
            raise ValueError(f"{path} holds no rows of bytes")
        return cls(path, shape, offset, writable=writable)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def read(self, row: int) -> bytes:
        """The bytes of one image."""
        self._file.seek(self.offset + row * self.row_bytes)
        return self._file.read(self.row_bytes)

    def write(self, row: int, image: bytes | memoryview) -> None:
        """Put one image in its place, from any thread; it is in the file when this returns."""
        with self._lock:
            self._file.seek(self.offset + row * self.row_bytes)
            self._file.write(image)
            self._file.flush()

    def shrink(self, rows: int) -> None:
        """Keep the first rows alone."""
        self.shape = (rows, *self.shape[1:])
        self._file.seek(0)
        _write_header(self._file, self.shape)
        if self._file.tell() != self.offset:
            raise ValueError(f"the header of {self.path} has grown")
        self._file.truncate(self.offset + int(np.prod(self.shape)))
        self._file.flush()


def array_bytes(path: Path) -> Iterator[bytes]:
    """The values in an array's file, CHUNK_BYTES at a time. Raises OSError."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _write_header(file: IO[bytes], shape: Shape) -> None:
    """NumPy leaves room in it for any number of rows, so that all are of one length."""
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
