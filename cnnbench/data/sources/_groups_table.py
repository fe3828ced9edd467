"""A table of its own that says which images belong together: a line with a path and a group."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from cnnbench.data.sources._lines import Lines, cut_table, text_of
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._table import columns_of
from cnnbench.errors import DataError

Lookup = dict[str, list[int]]
"""Rows of images by every tail of their paths, with and without the extension; behind a / by the
whole path."""


def read_groups(file: Path, names: Sequence[str]) -> tuple[list[str | None], tuple[str, ...]]:
    """The group of each image as a table has it, None where it has none; and notes on its lines.

    names: paths of the images below their folder. A path of the table may begin further up, or
    further down where one image alone is meant. Raises DataError, with the line.
    """
    shown = printable(str(file))
    try:
        lines = cut_table(text_of(file), shown, _rank)
    except DataError as error:
        raise DataError(str(error), "groups") from error
    lookup = _lookup(names)
    path, group, first = _columns(lines, shown, lookup)
    told: list[str | None] = [None] * len(names)
    unknown = []
    for number, fields in list(zip(lines.numbers, lines.rows, strict=True))[first:]:
        if len(fields) <= max(path, group):
            raise DataError(f"line {number:,} of {shown} has {len(fields)} fields only", "groups")
        rows = _rows_of(fields[path], lookup)
        if len(rows) > 1:
            raise DataError(
                f"line {number:,} of {shown} names {printable(fields[path])}, of which there are "
                f"{len(rows):,}: {some([names[row] for row in rows])}; write the folder, too",
                "groups",
            )
        if not rows:
            unknown.append(fields[path])
            continue
        known, name = told[rows[0]], fields[group] or None
        if known is not None and name is not None and known != name:
            raise DataError(
                f"{shown} puts {names[rows[0]]} into two groups, {printable(known)} and "
                f"{printable(name)}",
                "groups",
            )
        told[rows[0]] = known or name
    if not any(told):
        raise DataError(
            f"{shown} names none of the {len(names):,} images, such as {some(names)}; it has "
            f"{some(unknown) or 'no group'}",
            "groups",
        )
    return told, _notes(unknown, shown)


def _notes(unknown: Sequence[str], shown: str) -> tuple[str, ...]:
    if not unknown:
        return ()
    lines = "1 line" if len(unknown) == 1 else f"{len(unknown):,} lines"
    return (f"{lines} of {shown} without an image that is used: {some(unknown)}.",)


def _rank(lines: Lines) -> tuple[int, ...]:
    return len(columns_of(lines.rows[0]) or {}), lines.even, len(lines.rows[0])


def _columns(lines: Lines, shown: str, lookup: Lookup) -> tuple[int, int, int]:
    """Where path and group stand, and the first row that is none of names of columns."""
    header = lines.rows[0] if lines.rows else []
    columns = columns_of(header) or {}
    if {"path", "group"} <= set(columns):
        return columns["path"], columns["group"], 1
    if len(header) == 2:  # noqa: PLR2004 - a path and a group
        known = [
            sum(bool(_rows_of(row[x], lookup)) for row in lines.rows if len(row) > x)
            for x in (0, 1)
        ]
        path = int(known[1] > known[0])
        return path, 1 - path, int(not _rows_of(header[path], lookup))
    raise DataError(
        f"{shown} has no columns path and group: its first line has {some(header) or 'nothing'}",
        "groups",
    )


def _lookup(names: Sequence[str]) -> Lookup:
    found: Lookup = {}
    for row, name in enumerate(names):
        parts = name.split("/")
        found[f"/{name}"] = [row]
        for depth in range(len(parts)):
            tail = "/".join(parts[depth:])
            for key in dict.fromkeys((tail, _stem(tail))):
                found.setdefault(key, []).append(row)
    return found


def _rows_of(path: str, lookup: Lookup) -> list[int]:
    """The images that a path of a table may mean: by as much of its end as is known."""
    parts = [part for part in re.split(r"[\\/]+", path) if part not in ("", ".")]
    for depth in range(len(parts)):
        tail = "/".join(parts[depth:])
        if rows := lookup.get(f"/{tail}") or lookup.get(tail) or lookup.get(_stem(tail)):
            return rows
    return []


def _stem(path: str) -> str:
    return os.path.splitext(path)[0]  # noqa: PTH122 - a text, whatever stands in it
