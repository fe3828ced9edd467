"""A table of images in a text file: which separator and columns it has, and what its rows say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnbench.data.sources._layout import split_named
from cnnbench.data.sources._lines import SEEN, Lines, cut_table, text_of
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources.source import SplitName
from cnnbench.data.splits.classes import composed
from cnnbench.errors import DataError, did_you_mean

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
    "group": (
        *("group", "group_id", "patient", "patient_id", "subject", "subject_id", "lesion_id"),
        *("person", "person_id", "individual", "individual_id", "site", "camera"),
    ),
}
"""Usual names of columns, the likeliest first, in small letters with _ between words."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """What a line says of an image. split, group: None where no column tells."""

    line: int
    path: str
    label: str
    split: SplitName | None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class ListedImages:
    """The images that a CSV file lists. together: a note where a column may group them."""

    rows: list[TableRow]
    together: tuple[str, ...] = ()


def read_table(file: Path, extensions: frozenset[str], group: str = "") -> ListedImages:
    """The images that a CSV file lists.

    extensions: of images, by which a table of two columns without names is recognised. group: the
    column that says which images belong together. Raises DataError for what is no such table, with
    the line.
    """
    shown = printable(str(file))
    lines = cut_table(text_of(file), shown, lambda lines: _rank(lines, extensions))
    if not lines.rows:
        raise DataError(f"{shown} is empty; {EXPECTED}", "source")
    columns = columns_of(lines.rows[0])
    if columns is None and (headless := _headless(lines, extensions)):
        if group:
            raise DataError(
                f"{shown} has no names of columns, and so none called {group}", "groups"
            )
        return ListedImages(list(_rows(file, lines, headless)))
    if columns is None or not {"path", "label"} <= set(columns):
        raise DataError(_missing(file, lines.rows[0], columns or {}), "source")
    columns.pop("group", None)
    if group:
        columns["group"] = column_called(group, lines.rows[0], shown)
    rows = list(_rows(file, Lines(lines.rows[1:], lines.numbers[1:]), columns))
    return ListedImages(rows, () if "split" in columns else told_together(lines.rows[0]))


EXPECTED = (
    "expected is a first line with the names of the columns, path and label among them, such as "
    "path,label"
)


def _rank(lines: Lines, extensions: frozenset[str]) -> tuple[int, ...]:
    """How well a separator fits: known columns first, then rows of one length, then many fields."""
    known = columns_of(lines.rows[0]) or {}
    return bool(_headless(lines, extensions)), len(known), lines.even, len(lines.rows[0])


def columns_of(header: Sequence[str]) -> dict[str, int] | None:
    """Where the columns stand by their names; None if none has a usual one."""
    names = ["_".join(name.lower().replace("-", " ").replace("_", " ").split()) for name in header]
    found = {
        what: names.index(known)
        for what, usual in COLUMNS.items()
        if (known := next((name for name in usual if name in names), None))
    }
    return found or None


def told_together(header: Sequence[str]) -> tuple[str, ...]:
    """A note that a column may group images whose splits are drawn, if one is called so."""
    usual = (columns_of(header) or {}).get("group")
    if usual is None:
        return ()
    name = printable(header[usual])
    note = (
        f"Column {name} does not keep images together by itself: drawn splits may have some of one "
        "group for training and others for tests, so that results look better than they are; "
        f'data.groups = "{name}" keeps each group in one split.'
    )
    return (note,)


def column_called(name: str, header: Sequence[str], shown: str) -> int:
    """Where the column of a name stands, however its capitals are spelt.

    shown: what has the columns. Raises DataError.
    """
    spelt = [each.casefold() for each in header]
    if name.casefold() not in spelt:
        raise DataError(
            f"{shown} has no column {printable(name)}{did_you_mean(name, header, 'columns')}",
            "groups",
        )
    return spelt.index(name.casefold())


def _headless(lines: Lines, extensions: frozenset[str]) -> dict[str, int] | None:
    """Where path and label stand in a table of two columns that names neither."""
    seen = lines.rows[:SEEN]
    if any(len(row) != 2 for row in seen) or columns_of(lines.rows[0]):  # noqa: PLR2004
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


def _rows(file: Path, lines: Lines, columns: Mapping[str, int]) -> Iterator[TableRow]:
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
            if (not text and what != "group") or "\0" in text:
                raise DataError(f"{where} has no {what}: fill it in or remove the line", "source")
        path = said["path"].replace("\\", "/")
        label, split = composed(said["label"]), _split(where, said.get("split"))
        yield TableRow(number, path, label, split, said.get("group") or None)


def _split(where: str, text: str | None) -> SplitName | None:
    return None if text is None else split_named(text, where)
