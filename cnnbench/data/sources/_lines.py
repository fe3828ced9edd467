"""Text files of tables: read whole, whichever their encoding, and cut at their separator."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cnnbench.data.sources._names import printable
from cnnbench.data.sources._tree import content_of, is_dir, is_file, state_of
from cnnbench.errors import DataError

SEPARATORS = ",;\t|"
SEEN = 20
"""Lines by which separators are told apart."""
MOST_BYTES = 2**30
"""Of a table: more is something else."""


@dataclass(frozen=True, slots=True)
class Lines:
    """A table cut into fields. numbers: of the line each row ends in, from 1."""

    rows: list[list[str]]
    numbers: list[int]

    @property
    def even(self) -> bool:
        """Whether all rows have as many fields; not where nothing was cut."""
        return {len(row) for row in self.rows} == {max(2, len(self.rows[0]))}


def text_of(file: Path) -> str:
    """The text of a file, on disk or in an archive. Raises DataError."""
    shown = printable(str(file))
    if is_dir(file):
        raise DataError(f"{shown} is a folder; expected is a file with a table", "source")
    try:
        if not is_file(file):  # a named pipe would never end
            raise DataError(f"there is no file {shown}", "source")
        if state_of(file).st_size > MOST_BYTES:
            raise DataError(f"{shown} is too large for a table: over 1 GiB", "source")
        content = content_of(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{shown} can't be read: {reason}", "source") from error
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # as Excel's "Unicode text" has it
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"line {line:,} of {shown} is not UTF-8: save the file as UTF-8", "source"
        ) from error


def cut_table(text: str, shown: str, rank: Callable[[Lines], tuple[int, ...]]) -> Lines:
    """A table cut at the separator whose first lines rank highest.

    shown: the file's name, for errors. rank: of lines, of which there is at least one. Raises
    DataError for what can't be cut.
    """
    head = "\n".join(text.split("\n", SEEN)[:SEEN])
    cuts = {separator: _cut(head, shown, separator) for separator in SEPARATORS}
    ranks = {x: rank(lines) for x, lines in cuts.items() if lines.rows}
    if not ranks:
        return _cut(text, shown, SEPARATORS[0])
    return _cut(text, shown, max(ranks, key=ranks.__getitem__))


def _cut(text: str, shown: str, separator: str) -> Lines:
    """The lines that hold anything, in fields without blanks around them."""
    rows, numbers = [], []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for row in reader:
            fields = [field.strip() for field in row]
            if any(fields):
                rows.append(fields)
                numbers.append(reader.line_num)
    except csv.Error as error:
        raise DataError(
            f"line {reader.line_num:,} of {shown} can't be read: {error}", "source"
        ) from error
    return Lines(rows, numbers)
