"""Records that TensorFlow Datasets prepared, read without TensorFlow."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cnnbench.data.sources._names import printable
from cnnbench.errors import DataError

HEAD, FOOT = 12, 4
"""Bytes before a record, its length and a checksum, and behind it, another."""
VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
"""Wire types of protocol buffers."""
Place = tuple[int, int]
"""Start and end in a file."""


@dataclass(frozen=True, slots=True)
class Example:
    """What is used of a record. image: where its bytes stand in the file."""

    image: Place
    label: int


class RecordFile:
    """A file of records: a length, its checksum, a tf.train.Example, its checksum, and so on.

    The file is mapped: what is read of it is looked up when it is wanted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            empty = not path.stat().st_size
            self._bytes = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def read(self, place: Place) -> bytes:
        """The bytes at a place."""
        return bytes(self._bytes[slice(*place)])

    def examples(self, image: str, label: str) -> Iterator[Example]:
        """The records in order; image, label: their features. Raises DataError where damaged."""
        for start, end in self._records():
            try:
                found = self._features(start, end, {image.encode(), label.encode()})
                yield Example(
                    self._first_bytes(*found[image.encode()]),
                    self._first_number(*found[label.encode()]),
                )
            except (KeyError, IndexError, StopIteration) as error:
                raise DataError(
                    f"{printable(str(self.path))} holds a record without {image} and {label}",
                    "source",
                ) from error

    def _records(self) -> Iterator[Place]:
        at, size = 0, len(self._bytes)
        while at < size:
            if at + HEAD > size:
                raise self._cut()
            (length,) = struct.unpack_from("<Q", self._bytes, at)
            start, end = at + HEAD, at + HEAD + length
            if end + FOOT > size:
                raise self._cut()
            yield start, end
            at = end + FOOT

    def _cut(self) -> DataError:
        return DataError(
            f"{printable(str(self.path))} ends in the middle of a record: prepare the set again",
            "source",
        )

    def _features(self, start: int, end: int, wanted: set[bytes]) -> dict[bytes, Place]:
        """Example {features = 1}, Features {map feature = 1}, an entry {key = 1, value = 2}."""
        found: dict[bytes, Place] = {}
        for features in self._fields(start, end, 1):
            for entry in self._fields(*features, 1):
                name = self.read(next(self._fields(*entry, 1)))
                if name in wanted:
                    found[name] = next(self._fields(*entry, 2))
        return found

    def _first_bytes(self, start: int, end: int) -> Place:
        """Feature {bytes_list = 1}, BytesList {value = 1}."""
        return next(self._fields(*next(self._fields(start, end, 1)), 1))

    def _first_number(self, start: int, end: int) -> int:
        """Feature {int64_list = 3}, Int64List {value = 1, packed or not}."""
        values, stop = next(self._fields(start, end, 3))
        key, at = self._varint(values, stop)
        if key & 7 == BYTES:
            _, at = self._varint(at, stop)
        number, _ = self._varint(at, stop)
        return number - (1 << 64) if number >> 63 else number

    def _fields(self, start: int, end: int, wanted: int) -> Iterator[Place]:
        """Where the values of a field of a message stand that are messages or bytes."""
        at = start
        while at < end:
            key, at = self._varint(at, end)
            kind = key & 7
            if kind == BYTES:
                length, at = self._varint(at, end)
                if at + length > end:
                    raise IndexError
                if key >> 3 == wanted:
                    yield at, at + length
                at += length
            elif kind == VARINT:
                _, at = self._varint(at, end)
            elif kind in (EIGHT, FOUR):
                at += 8 if kind == EIGHT else 4
            else:
                raise IndexError

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """A number in groups of seven bits, the lowest first, and where it ends."""
        number = 0
        for shift in range(0, 70, 7):
            if at >= end:
                break
            byte = self._bytes[at]
            at += 1
            number |= (byte & 0x7F) << shift
            if not byte & 0x80:
                return number, at
        raise IndexError
