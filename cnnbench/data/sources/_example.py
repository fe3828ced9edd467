"""A tf.train.Example, the record of TensorFlow Datasets, read without TensorFlow."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
"""Wire types of protocol buffers."""
Content = bytes | mmap.mmap
"""A record, or a file of many."""
Place = tuple[int, int]
"""Start and end in it."""
DAMAGE = (IndexError, KeyError, StopIteration)
"""What reading raises where a record is none, or lacks a feature."""


def features(content: Content, place: Place) -> dict[str, Place]:
    """Where the features of a record stand, by name.

    Example {features = 1}, Features {map feature = 1}, an entry {key = 1, value = 2}.
    """
    found: dict[str, Place] = {}
    for each in _fields(content, place, 1):
        for entry in _fields(content, each, 1):
            name = bytes(content[slice(*next(_fields(content, entry, 1)))])
            found[name.decode(errors="backslashreplace")] = next(_fields(content, entry, 2))
    return found


def first_bytes(content: Content, feature: Place) -> Place:
    """Feature {bytes_list = 1}, BytesList {value = 1}."""
    return next(_fields(content, next(_fields(content, feature, 1)), 1))


def first_number(content: Content, feature: Place) -> int:
    """The first whole number."""
    return next(_numbers(content, feature))


def sole_value(content: Content, feature: Place) -> str | int | None:
    """The text or whole number of a feature, None where it has none.

    Raises ValueError for one of floats, or of several values.
    """
    found: list[str | int] = [
        bytes(content[slice(*text)]).decode(errors="backslashreplace")
        for texts in _fields(content, feature, 1)
        for text in _fields(content, texts, 1)
    ]
    found += _numbers(content, feature)
    if len(found) > 1 or any(True for _ in _fields(content, feature, 2)):
        raise ValueError
    return found[0] if found else None


def _numbers(content: Content, feature: Place) -> Iterator[int]:
    """Feature {int64_list = 3}, Int64List {value = 1, packed or not}."""
    for place in _fields(content, feature, 3):
        at, end = place
        while at < end:
            key, at = _varint(content, at, end)
            stop = at + 1
            if key & 7 == BYTES:
                length, at = _varint(content, at, end)
                stop = at + length
            while at < stop:
                number, at = _varint(content, at, end)
                yield number - (1 << 64) if number >> 63 else number


def _fields(content: Content, place: Place, wanted: int) -> Iterator[Place]:
    """Where the values of a field of a message stand that are messages or bytes."""
    at, end = place
    while at < end:
        key, at = _varint(content, at, end)
        kind = key & 7
        if kind == BYTES:
            length, at = _varint(content, at, end)
            if at + length > end:
                raise IndexError
            if key >> 3 == wanted:
                yield at, at + length
            at += length
        elif kind == VARINT:
            _, at = _varint(content, at, end)
        elif kind in (EIGHT, FOUR):
            at += 8 if kind == EIGHT else 4
        else:
            raise IndexError


def _varint(content: Content, at: int, end: int) -> tuple[int, int]:
    """A number in groups of seven bits, the lowest first, and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= end:
            break
        byte = content[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return number, at
    raise IndexError
