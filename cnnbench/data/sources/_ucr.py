"""Signals as the UCR and UEA archives have them: .ts files, and tables with the class first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._lines import Lines, cut_table
from cnnbench.data.sources._names import printable
from cnnbench.data.sources._table import columns_of
from cnnbench.data.splits.classes import LISTED, composed
from cnnbench.errors import DataError

MISSING = frozenset({"?", "", "nan", "na", "null"})
"""What stands for a value that was not measured."""
LARGEST = "3.4e38, the largest of float32"


@dataclass(frozen=True, slots=True, eq=False)
class SignalPart:
    """values: float32, (n, length, channels). labels: the class of each."""

    values: NDArray[np.float32]
    labels: list[str]


@dataclass(slots=True)
class _Rows:
    """Signals as they are read, of one length and number of channels."""

    shown: str
    values: list[NDArray[np.float32]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    first: int = 0

    def add(self, line: int, channels: Sequence[Sequence[str]], label: str) -> None:
        """A signal from its texts, by channel. Raises DataError for what is none."""
        where = f"line {line:,} of {self.shown}"
        if not label:
            raise DataError(f"{where} has no class", "source")
        lengths = {len(texts) for texts in channels}
        if len(lengths) > 1:
            raise DataError(f"the channels of {where} differ in length: {_few(lengths)}", "source")
        if lengths == {0}:
            raise DataError(f"{where} has no values: a class alone is no signal", "source")
        signal = np.stack([numbers_of(where, texts) for texts in channels], axis=1)
        if self.values and signal.shape != self.values[0].shape:
            raise DataError(
                f"{where} has {_size(signal)}, line {self.first:,} has {_size(self.values[0])}; "
                "all signals must be of one size: pad or cut them (sets of the archives have "
                "versions, named _eq, in which that was done)",
                "source",
            )
        self.first = self.first or line
        self.values.append(signal)
        self.labels.append(composed(label))

    def part(self) -> SignalPart:
        """All of them. Raises DataError if there are none."""
        if not self.values:
            raise DataError(f"{self.shown} holds no signals", "source")
        return SignalPart(np.stack(self.values), self.labels)


def read_ts(text: str, shown: str) -> SignalPart:
    """The signals of a .ts file. shown: its name, for errors. Raises DataError.

    Lines of comments begin with #, those of headers with @; below @data each line is a signal, its
    channels and its class separated by colons.
    """
    rows = _Rows(shown)
    classes: list[str] = []

    def heed(words: Sequence[str]) -> None:
        classes[:] = _header(words, shown) or classes

    for number, line in ts_lines(text, shown, heed):
        *channels, label = line.split(":")
        if not channels:
            raise DataError(
                f"line {number:,} of {shown} has no colon; expected are the channels and the class "
                "with colons between them",
                "source",
            )
        label = label.strip()
        if classes and label and label not in classes:
            raise DataError(
                f"line {number:,} of {shown} has the class {printable(label)!r}, which "
                f"@classLabel does not name; it names {', '.join(classes[:LISTED])}",
                "source",
            )
        rows.add(number, [channel.split(",") for channel in channels], label)
    return rows.part()


def ts_lines(
    text: str, shown: str, heed: Callable[[Sequence[str]], None]
) -> Iterator[tuple[int, str]]:
    """The lines below @data, with their numbers. heed: is told the words of each line above.

    Raises DataError where there is no @data.
    """
    data = False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if data:
            yield number, line
        else:
            words = line.split()
            data = words[0].lower() == "@data"
            heed(words)
    if not data:
        raise DataError(f"{shown} has no line @data, below which a .ts file has signals", "source")


def _header(words: Sequence[str], shown: str) -> list[str]:
    """The classes, if a line of the header names them. Raises DataError for what is not read."""
    match [word.lower() for word in words]:
        case ["@timestamps", "true"]:
            raise DataError(
                f"{shown} has signals with timestamps; expected are values at equal steps", "source"
            )
        case ["@classlabel", "false", *_] | ["@targetlabel", "true", *_]:
            raise DataError(f"{shown} tells no classes (@classLabel true is expected)", "source")
        case ["@classlabel", "true", *_]:
            return list(words[2:])
        case _:
            return []


def read_signal_table(text: str, shown: str) -> SignalPart:
    """The signals of a table, one a line. Raises DataError.

    Without names of columns the class comes first, as in the UCR archive; with names it is the
    column called label, class or the like, and all others are values in order.
    """
    lines = cut_signals(text, shown, lambda x: (_is_named(x.rows[0]), x.even, len(x.rows[0])))
    rows = _Rows(shown)
    label, skipped = 0, 0
    if lines.rows and _is_named(lines.rows[0]):
        label, skipped = (columns_of(lines.rows[0]) or {})["label"], 1
    elif lines.rows and not are_numbers(lines.rows[0][1:]):
        raise DataError(
            f"the first line of {shown} is neither a signal, its class first, nor names of columns "
            "with label among them",
            "source",
        )
    for number, fields in zip(lines.numbers[skipped:], lines.rows[skipped:], strict=True):
        if len(fields) <= label:
            raise DataError(f"line {number:,} of {shown} has no class", "source")
        values = [text for index, text in enumerate(fields) if index != label]
        rows.add(number, [values], _class(fields[label]))
    return rows.part()


def cut_signals(text: str, shown: str, rank: Callable[[Lines], tuple[int, ...]]) -> Lines:
    """As `cut_table`, and at blanks where there is no separator."""
    lines = cut_table(text, shown, rank)
    if lines.rows and len(lines.rows[0]) == 1:  # as the archive's older files have them
        return Lines([row[0].split() for row in lines.rows], lines.numbers)
    return lines


def _is_named(header: Sequence[str]) -> bool:
    return "label" in (columns_of(header) or {})


def are_numbers(texts: Sequence[str]) -> bool:
    """Whether they are, but for values that were not measured."""
    try:
        np.array(texts, np.float64)
    except ValueError:
        return not {text.lower() for text in texts}.isdisjoint(MISSING) and len(texts) > 1
    return True


def _class(text: str) -> str:
    """The UCR archive writes classes as 1 or as 1.0000000e+00, in files of one set even."""
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() else text


def numbers_of(where: str, texts: Sequence[str]) -> NDArray[np.float32]:
    """Their values. where: they stand, for errors. Raises DataError for one that is no number."""
    try:
        values = as_float32(np.array(texts, np.float64))
    except ValueError:
        values = np.array([np.nan], np.float32)
    if np.isfinite(values).all():
        return values
    raise DataError(f"{where} {next(_wrong(texts))}", "source")


def as_float32(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """The same; infinite where float32 has no number so large."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def refuse_not_finite(values: NDArray[np.float32], where: str) -> None:
    """Raise DataError for an array with values that no network can take. where: it is."""
    if not np.isfinite(values).all():
        raise DataError(
            f"{where} holds values that are missing or not finite, or beyond {LARGEST}: fill them "
            "in, or scale them, first",
            "source",
        )


def _wrong(texts: Sequence[str]) -> Iterator[str]:
    for place, text in enumerate(texts, 1):
        word = text.strip()
        if word.lower() in MISSING:
            yield f"lacks its value {place:,}: fill in missing values first"
        if not are_numbers([word]):
            yield f"has {printable(word)[:20]!r} as its value {place:,}, not a number"
    yield f"holds a value that is not finite, or beyond {LARGEST}: scale all values"


def _size(signal: NDArray[np.float32]) -> str:
    length, channels = signal.shape
    return f"{length:,} values" + (f" in {channels} channels" if channels > 1 else "")


def _few(numbers: set[int]) -> str:
    return ", ".join(f"{number:,}" for number in sorted(numbers)[:5])
