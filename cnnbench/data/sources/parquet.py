"""Images in Parquet files, as Hugging Face's catalogue keeps them."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

from cnnbench.data.sources._layout import SPLITS
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._shelf import Records, Shelf, in_order
from cnnbench.data.sources._table import column_called, columns_of
from cnnbench.data.sources.records import RecordSource
from cnnbench.data.sources.source import Request, SplitName
from cnnbench.data.splits.classes import sort_classes
from cnnbench.errors import DataError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

IMAGES = ("image", "img", "picture", "photo", "jpg", "jpeg", "png", "bytes")
"""Usual names of columns of images."""
INSTALL = "pip install 'cnnbench[parquet]'"


class Parquet(RecordSource):
    """A Parquet file with a column of encoded images and one of labels, or a folder of them.

    Files whose names begin with train, validation or test (`train-00000-of-00002.parquet`) are the
    given splits. Names of classes are those that Hugging Face's datasets writes into the file.
    """

    name: ClassVar[str] = "parquet"
    argument: ClassVar[str] = "PATH"
    description: ClassVar[str] = "images in Parquet files: a column of images, one of labels"

    def shelf(self, request: Request) -> Shelf:
        """Read the labels; images are read in groups of rows when they are decoded."""
        return open_parquet(parquet_files(request.argument), request.argument)


def open_parquet(files: dict[SplitName | None, list[str]], name: str) -> Shelf:
    """The files of each split as one set. name: for errors. Raises DataError."""
    states = [(split, path, _state(path)) for split, paths in files.items() for path in paths]
    return _opened(tuple(states), name)


def parquet_files(path: str) -> dict[SplitName | None, list[str]]:
    """The files at a path, by split as their names begin. Raises DataError where there are none."""
    shown = printable(path)
    if not os.path.exists(path):  # noqa: PTH110 - False for what is no path
        raise DataError(f"there is no file or folder {shown}", "source")
    if not Path(path).is_dir():
        return {None: [path]}
    found: dict[SplitName | None, list[str]] = {}
    for file in sorted(Path(path).rglob("*.parquet")):
        word = file.name.partition(".")[0].partition("-")[0].partition("_")[0].lower()
        found.setdefault(SPLITS.get(word), []).append(str(file))
    if not found:
        raise DataError(f"{shown} holds no .parquet files", "source")
    if len(found) > 1 and None in found:
        raise DataError(
            f"{shown} holds files of splits, but also {some(_names(found[None]))}: move it "
            "elsewhere, or let its name begin with train, validation or test",
            "source",
        )
    if None not in found and "train" not in found:
        raise DataError(f"{shown} holds no files of a train split", "source")
    return in_order(found)


def _names(paths: Sequence[str]) -> list[str]:
    return [Path(path).name for path in paths]


def _state(path: str) -> tuple[int, int]:
    state = os.stat(path)  # noqa: PTH116 - as elsewhere
    return state.st_size, state.st_mtime_ns


@lru_cache(maxsize=2)
def _opened(states: tuple[tuple[SplitName | None, str, tuple[int, int]], ...], name: str) -> Shelf:
    tables: dict[SplitName | None, list[_Table]] = {}
    for split, path, _ in states:
        tables.setdefault(split, []).append(_Table(path))
    every = [table for part in tables.values() for table in part]
    classes = every[0].classes or sort_classes({x for table in every for x in table.labels})
    if any(table.classes not in ((), classes) for table in every):
        raise DataError(f"the files of {printable(name)} name different classes", "source")
    index = {label: position for position, label in enumerate(classes)}
    splits = {
        split: Records(
            [_index(table, label, index) for table in part for label in table.labels],
            _Rows(part).read,
            partial(_column, part),
        )
        for split, part in tables.items()
    }
    state = str([(split, Path(path).name, state) for split, path, state in states])
    return Shelf(f"parquet:{name}", state, classes, splits, every[0].columns)


def _column(tables: Sequence[_Table], name: str) -> Iterator[object]:
    """A column of files one after the other. Raises DataError where one lacks it."""
    for table in tables:
        column = table.columns[column_called(name, table.columns, printable(table.path))]
        yield from table.file.read(columns=[column]).column(0).to_pylist()


def _index(table: _Table, label: str, index: dict[str, int]) -> int:
    if table.classes:  # then the label is the number of one of them
        return int(label)
    return index[label]


class _Table:
    """A file: which columns it has, and its labels as text."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.file = _file(path)
        schema = self.file.schema_arrow
        self.columns = tuple(map(str, schema.names))
        self.image = _image_column(path, schema)
        self.label = _label_column(path, schema, self.image)
        self.classes = _class_names(schema, self.label)
        column = self.file.read(columns=[self.label]).column(0)
        if column.null_count:
            raise DataError(
                f"column {self.label} of {printable(path)} lacks {column.null_count:,} labels",
                "source",
            )
        self.labels = [str(label) for label in column.to_pylist()]


class _Rows:
    """The images of files one after the other; the group of rows that was read last stays."""

    def __init__(self, tables: Sequence[_Table]) -> None:
        self._lock = Lock()
        self._groups: list[tuple[_Table, int]] = []
        self._starts: list[int] = []
        count = 0
        for table in tables:
            for group in range(table.file.num_row_groups):
                self._groups.append((table, group))
                self._starts.append(count)
                count += table.file.metadata.row_group(group).num_rows
        self._held: tuple[int, list[Any]] = (-1, [])

    def read(self, row: int) -> bytes:
        """The bytes of an image. Raises OSError where there are none."""
        with self._lock:
            number = bisect_right(self._starts, row) - 1
            if self._held[0] != number:
                table, group = self._groups[number]
                column = table.file.read_row_group(group, columns=[table.image]).column(0)
                self._held = (number, column.to_pylist())
            value = self._held[1][row - self._starts[number]]
        content = value.get("bytes") if isinstance(value, dict) else value
        if not isinstance(content, bytes):
            raise OSError(2, "the file holds its path, not the image itself")
        return content


def _file(path: str) -> pq.ParquetFile:
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise DataError(
            f"Parquet files are read by pyarrow, which is missing; install it with: {INSTALL}",
            "source",
        ) from error
    try:
        return pq.ParquetFile(path)
    except Exception as error:  # files from elsewhere raise anything
        raise DataError(f"{printable(path)} can't be read as Parquet: {error}", "source") from error


def _image_column(path: str, schema: Any) -> str:
    """The column of images: of bytes, or of bytes beside a path, as datasets writes them."""
    import pyarrow as pa

    def holds_bytes(kind: Any) -> bool:
        if pa.types.is_struct(kind):
            return any(field.name == "bytes" and holds_bytes(field.type) for field in kind)
        return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))

    found = [str(field.name) for field in schema if holds_bytes(field.type)]
    usual = [name for name in found if name.lower() in IMAGES]
    for names in (usual, found):
        if len(names) == 1:
            return names[0]
    what = f"several columns of bytes ({some(found)})" if found else "no column of images"
    raise DataError(
        f"{printable(path)} has {what} among {some(schema.names)}; expected is one, called image, "
        "of image files (Hugging Face's datasets writes paths only, unless they are embedded)",
        "source",
    )


def _label_column(path: str, schema: Any, image: str) -> str:
    names = [name for name in schema.names if name != image]
    found = (columns_of(names) or {}).get("label")
    if found is None:
        raise DataError(
            f"{printable(path)} has no column that says the class of each image; it has "
            f"{some(schema.names)}: call one label",
            "source",
        )
    return str(names[found])


def _class_names(schema: Any, label: str) -> tuple[str, ...]:
    """What Hugging Face's datasets wrote of the classes; empty where nothing."""
    try:
        info = json.loads((schema.metadata or {})[b"huggingface"])
        names = info["info"]["features"][label]["names"]
    except (KeyError, TypeError, ValueError):
        return ()
    return tuple(map(str, names)) if isinstance(names, list) else ()
