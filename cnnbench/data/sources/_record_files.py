"""Files of records that TensorFlow Datasets writes, in each of the formats that are read."""

from __future__ import annotations

import mmap
import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from cnnbench.data.sources._example import (
    DAMAGE,
    Content,
    Place,
    features,
    first_bytes,
    first_number,
    sole_value,
)
from cnnbench.data.sources._names import printable
from cnnbench.data.sources.groups import no_groups
from cnnbench.errors import DataError

if TYPE_CHECKING:
    from array_record.python.array_record_module import ArrayRecordReader

HEAD, FOOT = 12, 4
"""Bytes of a TFRecord before a record, its length and a checksum, and behind it, another."""
AT_ONCE = 64
"""Records of an ArrayRecord that are unpacked together."""
OPEN = 64
"""Files of a format that stay open; a set may have thousands."""


class Example(NamedTuple):
    """What is used of a record. image: where its bytes stand in what `content` gives."""

    image: Place
    label: int


class RecordFile(ABC):
    """A file of records, each a tf.train.Example. Raises DataError where it is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._changed = path.stat().st_mtime_ns

    @abstractmethod
    def content(self, row: int) -> Content:
        """What holds a record; safe in several threads. Raises OSError."""

    @abstractmethod
    def records(self) -> Iterator[tuple[Content, Place]]:
        """Each record in order, and where it stands in its content."""

    def examples(self, image: str, label: str) -> Iterator[Example]:
        """The records in order; image, label: their features. Raises DataError where damaged."""
        for content, place in self.records():
            try:
                found = features(content, place)
                yield Example(
                    first_bytes(content, found[image]), first_number(content, found[label])
                )
            except DAMAGE as error:
                raise DataError(
                    f"{printable(str(self.path))} holds a record without {image} and {label}",
                    "source",
                ) from error

    def columns(self) -> tuple[str, ...]:
        """The features of the first record; none of a file without any."""
        return next((tuple(features(*record)) for record in self.records()), ())

    def column(self, name: str) -> Iterator[str | int | None]:
        """A feature of the records in order, None where a record has none.

        Raises DataError where it is neither a text nor a whole number, or damaged.
        """
        for content, place in self.records():
            try:
                feature = features(content, place).get(name)
                yield None if feature is None else sole_value(content, feature)
            except ValueError as error:
                raise no_groups(name) from error
            except DAMAGE as error:
                raise self._damaged(
                    f"has a record whose {printable(name)} can't be read"
                ) from error

    def _damaged(self, how: str) -> DataError:
        return DataError(f"{printable(str(self.path))} {how}: prepare the set again", "source")


class TFRecord(RecordFile):
    """A length, its checksum, a record, its checksum, and so on.

    The file is mapped: what is read of it is looked up when it is wanted.
    """

    def content(self, row: int) -> Content:  # noqa: ARG002 - all records are in it
        """The file."""
        return _mapped(self.path, self._changed)

    def records(self) -> Iterator[tuple[Content, Place]]:
        """By their lengths."""
        content = _mapped(self.path, self._changed)
        at, size = 0, len(content)
        while at < size:
            if at + HEAD > size:
                raise self._damaged("ends in the middle of a record")
            (length,) = struct.unpack_from("<Q", content, at)
            start, end = at + HEAD, at + HEAD + length
            if end + FOOT > size:
                raise self._damaged("ends in the middle of a record")
            yield content, (start, end)
            at = end + FOOT


class ArrayRecord(RecordFile):
    """Records in compressed chunks, with an index; unpacked by Google's library for them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._lock = Lock()

    def content(self, row: int) -> Content:
        """The record alone."""
        return self._unpacked(row, row + 1)[0]

    def records(self) -> Iterator[tuple[Content, Place]]:
        """Some at a time."""
        with self._lock:
            reader = _reader(self.path, self._changed)
        if not reader.ok():
            raise self._damaged("is no whole ArrayRecord")
        count = reader.num_records()
        for start in range(0, count, AT_ONCE):
            for record in self._unpacked(start, min(start + AT_ONCE, count)):
                yield record, (0, len(record))

    def _unpacked(self, start: int, stop: int) -> list[bytes]:
        with self._lock:
            try:
                found: list[bytes] = _reader(self.path, self._changed).read(start, stop)
            except (RuntimeError, IndexError) as error:
                raise self._damaged("has a record that can't be unpacked") from error
        return found


@lru_cache(maxsize=OPEN)
def _mapped(path: Path, changed: int) -> Content:  # noqa: ARG001 - a key of the cache
    with path.open("rb") as file:
        if not path.stat().st_size:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


@lru_cache(maxsize=OPEN)
def _reader(path: Path, changed: int) -> ArrayRecordReader:  # noqa: ARG001 - a key of the cache
    try:
        from array_record.python.array_record_module import ArrayRecordReader
    except ImportError as error:
        raise DataError(
            f"{printable(str(path))} is read by the library array_record, which is missing: "
            "install it with pip install array_record, or prepare the set again with "
            "file_format=tfrecord, which is read without",
            "source",
        ) from error
    return ArrayRecordReader(str(path), "readahead_buffer_size:0")


FORMATS: Mapping[str, type[RecordFile]] = {"tfrecord": TFRecord, "array_record": ArrayRecord}
"""By the name that dataset_info.json gives them, which names of files have, too."""
