"""A table of images in a text file: which separator and columns it has, and what its rows say."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnbench.data.sources._layout import split_named
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._tree import content_of, is_dir, is_file, state_of
from cnnbench.data.sources.source import SplitName
from cnnbench.data.splits.classes import composed
from cnnbench.errors import DataError, did_you_mean

SEPARATORS = ",;\t|"
SEEN = 20
"""Rows by which separators are told apart."""
MOST_BYTES = 2**30
"""Of a table: more is something else."""
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "path": (
        *("path", "file_path", "filepath", "image_path", "img_path", "file_name", "filename"),
        *("file", "image_name", "image_file", "image", "img", "image_id", "img_id", "id_code"),
        *("name", "id"),
    ),
    "label": (
        *("label", "labels", "class", "class_name", "classname", "category", "target", "species"),
        *("breed", "diagnosis", "dx", "y"),
    ),
    "split": ("split", "subset", "partition", "set", "data_set", "dataset"),
}
"""Usual names of columns, the likeliest first, in small letters with _ between words."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a line says of an image. split: None where no column tells."""

    line: int
    path: str
    label: str
    split: SplitName | None


@dataclass(frozen=True, slots=True)
class Lines:
    """A table cut into fields. numbers: of the line each row ends in, from 1."""

    rows: list[list[str]]
    numbers: list[int]


def read_table(file: Path, extensions: frozenset[str]) -> list[Row]:
    """The images that a CSV file lists.

    extensions: of images, by which a table of two columns without names is recognised. Raises
    DataError for what is no such table, with the line.
    """
    text = _text(file)
    lines = max(
        (_cut(file, text, separator) for separator in SEPARATORS),
        key=lambda x: _rank(x, extensions),
    )
    if not lines.rows:
        raise DataError(f"{printable(str(file))} is empty; {EXPECTED}", "source")
    columns = _columns(lines.rows[0])
    if columns is None and (headless := _headless(lines, extensions)):
        return list(_rows(file, lines, headless))
    if columns is None or set(columns) < {"path", "label"}:
        raise DataError(_missing(file, lines.rows[0], columns or {}), "source")
    return list(_rows(file, Lines(lines.rows[1:], lines.numbers[1:]), columns))


EXPECTED = (
    "expected is a first line with the names of the columns, path and label among them, such as "
    "path,label"
)


def _text(file: Path) -> str:
    shown = printable(str(file))
    if is_dir(file):
        raise DataError(f"{shown} is a folder; expected is a CSV file that lists images", "source")
    try:
        if not is_file(file):  # a named pipe would never end
            raise DataError(f"there is no file {shown}", "source")
        if state_of(file).st_size > MOST_BYTES:
            raise DataError(f"{shown} is too large for a table of images: over 1 GiB", "source")
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
            f"line {line} of {shown} is not UTF-8: save the file as UTF-8", "source"
        ) from error


def _cut(file: Path, text: str, separator: str) -> Lines:
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
            f"line {reader.line_num} of {printable(str(file))} can't be read: {error}", "source"
        ) from error
    return Lines(rows, numbers)


def _rank(lines: Lines, extensions: frozenset[str]) -> tuple[bool, int, bool, int]:
    """How well a separator fits: known columns first, then rows of one length, then many fields."""
    if not lines.rows:
        return False, 0, False, 0
    seen = lines.rows[:SEEN]
    known = _columns(lines.rows[0]) or {}
    even = len({len(row) for row in seen}) == 1
    return bool(_headless(lines, extensions)), len(known), even, len(seen[0])


def _columns(header: Sequence[str]) -> dict[str, int] | None:
    """Where the columns stand by their names; None if none has a usual one."""
    names = ["_".join(name.lower().replace("-", " ").replace("_", " ").split()) for name in header]
    found = {
        what: names.index(known)
        for what, usual in COLUMNS.items()
        if (known := next((name for name in usual if name in names), None))
    }
    return found or None


def _headless(lines: Lines, extensions: frozenset[str]) -> dict[str, int] | None:
    """Where path and label stand in a table of two columns that names neither."""
    seen = lines.rows[:SEEN]
    if any(len(row) != 2 for row in seen) or _columns(lines.rows[0]):  # noqa: PLR2004
        return None
    for path in (0, 1):
        if all(Path(row[path]).suffix.lower() in extensions for row in seen):
            return {"path": path, "label": 1 - path}
    return None


def _missing(file: Path, header: Sequence[str], columns: Mapping[str, int]) -> str:
    """Which column is not there, what was found, and what to do."""
    lacking = next(what for what in ("path", "label") if what not in columns)
    others = [name for index, name in enumerate(header) if index not in columns.values()]
    near = next((x for name in others if (x := did_you_mean(name, COLUMNS[lacking]))), "")
    hint = near or f"; call it {lacking}, or one of {', '.join(COLUMNS[lacking][1:6])}"
    return (
        f"{printable(str(file))} has no column that {MEANT[lacking]}: its first line has "
        f"{some(list(header))}{hint}"
    )


MEANT = {"path": "says where each image lies", "label": "says the class of each image"}


def _rows(file: Path, lines: Lines, columns: Mapping[str, int]) -> Iterator[Row]:
    shown = printable(str(file))
    needed = max(columns.values())
    for number, fields in zip(lines.numbers, lines.rows, strict=True):
        where = f"line {number:,} of {shown}"
        if len(fields) <= needed:
            raise DataError(
                f"{where} has {len(fields)} fields; expected are {needed + 1} or more", "source"
            )
        said = {what: fields[index] for what, index in columns.items()}
        for what, text in said.items():
            if not text or "\0" in text:
                raise DataError(f"{where} has no {what}: fill it in or remove the line", "source")
        path = said["path"].replace("\\", "/")
        yield Row(number, path, composed(said["label"]), _split(where, said.get("split")))


def _split(where: str, text: str | None) -> SplitName | None:
    return None if text is None else split_named(text, where)
