"""Signals to be predicted: files as those of studies are, but a class need not stand there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._arrays import array_of, header_of, open_arrays, refuse_bomb
from cnnbench.data.sources._lines import Lines, text_of
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._table import columns_of
from cnnbench.data.sources._ucr import (
    are_numbers,
    as_float32,
    cut_signals,
    numbers_of,
    refuse_not_finite,
    ts_lines,
)
from cnnbench.data.sources.signals import TABLES
from cnnbench.errors import DataError

ENDINGS = (".ts", *TABLES, ".npz")
ARRAYS = ("signals", "x_test")
"""Which arrays of an .npz are read, the first that is there; the only one whatever its name."""


def read_unlabelled(path: Path, length: int, channels: int) -> NDArray[np.float32]:
    """The signals of a .ts file, a table or an .npz, (n, length, channels); classes are ignored.

    Raises DataError for a file that is none, or whose signals are of another size.
    """
    read = _reader(path)
    values = read(path, length, channels)
    if not len(values):
        raise DataError(f"{printable(str(path))} holds no signals", "source")
    return values


def _reader(path: Path) -> Callable[[Path, int, int], NDArray[np.float32]]:
    match path.suffix.lower():
        case ".npz":
            return _of_arrays
        case ".ts":
            return _of_ts
        case suffix if suffix in TABLES:
            return _of_table
        case _:
            raise DataError(
                f"{printable(str(path))} is of no kind that is read: {', '.join(ENDINGS)}", "source"
            )


def _of_ts(path: Path, length: int, channels: int) -> NDArray[np.float32]:
    """Below @data a signal a line: its channels, and its class or not, with colons between them."""
    shown, found = printable(str(path)), []
    for number, line in ts_lines(text_of(path), shown, lambda _: None):
        where, parts = f"line {number:,} of {shown}", line.split(":")
        if len(parts) not in (channels, channels + 1):
            raise DataError(
                f"{where} has {len(parts)} parts with colons between them; expected are "
                f"{channels} of the signal and perhaps its class",
                "source",
            )
        found.append(_signal(where, [part.split(",") for part in parts[:channels]], length))
    return np.array(found, np.float32).reshape(-1, length, channels)


def _of_table(path: Path, length: int, channels: int) -> NDArray[np.float32]:
    shown = printable(str(path))
    if channels > 1:
        raise DataError(
            f"{shown} is a table, whose signals have one channel, and the network takes "
            f"{channels}: give a .ts or .npz file",
            "source",
        )
    fit = (length, length + 1)
    lines = cut_signals(
        text_of(path), shown, lambda x: (sum(len(row) in fit for row in x.rows), len(x.rows[0]))
    )
    found = [
        _signal(f"line {number:,} of {shown}", [values], length)
        for number, values in _rows(lines, length)
    ]
    return np.array(found, np.float32).reshape(-1, length, 1)


def _rows(lines: Lines, length: int) -> Iterator[tuple[int, list[str]]]:
    """The values of each row, without its class: that column by its name, or the first."""
    rows = list(zip(lines.numbers, lines.rows, strict=True))
    label: int | None = None
    if rows and not are_numbers(rows[0][1][1:]):
        label = (columns_of(rows[0][1]) or {}).get("label")
        rows = rows[1:]
    for number, row in rows:
        if label is not None:
            yield number, [text for place, text in enumerate(row) if place != label]
        else:
            yield number, row[1:] if len(row) == length + 1 else row


def _signal(where: str, channels: Sequence[Sequence[str]], length: int) -> NDArray[np.float32]:
    """One of the shape (length, channels)."""
    for texts in channels:
        if len(texts) != length:
            raise DataError(_other_length(where, len(texts), length), "source")
    return np.stack([numbers_of(where, texts) for texts in channels], axis=1)


def _of_arrays(path: Path, length: int, channels: int) -> NDArray[np.float32]:
    shown = printable(str(path))
    with open_arrays(path, "expected is an array of signals") as archive:
        names = [Path(name).stem for name in archive.namelist()]
        usual = [name for name in ARRAYS if name in names] or (names if len(names) == 1 else [])
        if not usual:
            raise DataError(
                f"{shown} holds {some(sorted(names)) or 'no arrays'}; expected is an array called "
                f"{' or '.join(ARRAYS)}",
                "source",
            )
        where = f"array {usual[0]} of {shown}"
        shape, dtype = header_of(archive, usual[0])
        refuse_no_signals(f"{where} is", shape, dtype)
        refuse_bomb(archive, usual[0], shape, dtype)
        values = array_of(archive, usual[0])
    return fitting(values, length, channels, where)


def refuse_no_signals(what: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise DataError for an array that is none of numbers in two or three dimensions.

    what: begins the sentence, such as "the signals are".
    """
    if len(shape) not in (2, 3) or dtype.kind not in "iuf":
        raise DataError(
            f"{what} {dtype} of the shape {shape}; expected are numbers, (n, length) or "
            "(n, length, channels)",
            "source",
        )


def fitting(
    values: NDArray[np.generic], length: int, channels: int, where: str
) -> NDArray[np.float32]:
    """Numbers of the shape (n, length) or (n, length, channels) as (n, length, channels).

    Raises DataError for values that are not finite, and for another size.
    """
    if values.shape[1] != length:
        raise DataError(_other_length(where, values.shape[1], length), "source")
    shaped = values[..., np.newaxis] if values.ndim == 2 else values  # noqa: PLR2004 - one channel
    whole = as_float32(shaped)
    if whole.shape[2] != channels:
        raise DataError(
            f"{where} has signals of {whole.shape[2]} channels, and the network takes {channels}",
            "source",
        )
    refuse_not_finite(whole, where)
    return whole


def _other_length(where: str, found: int, length: int) -> str:
    return (
        f"{where} has {found:,} values, and the network takes signals of {length:,}: cut or pad "
        "them as those it was trained on"
    )
