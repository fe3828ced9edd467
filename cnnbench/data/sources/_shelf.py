"""Encoded images that are no files of their own: records of a table or of a catalogue's set.

Each has a path all the same, so that whatever reads photos reads them: records:SET/SPLIT/ROW.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from threading import Lock
from typing import TypeVar

from cnnbench.data.sources._found import ImageFile, Listing, capitals_notes
from cnnbench.data.sources._names import printable
from cnnbench.data.sources._table import column_called, told_together
from cnnbench.data.sources.groups import no_groups
from cnnbench.data.sources.source import SplitName
from cnnbench.data.splits.classes import LEAST_CLASSES, composed
from cnnbench.errors import DataError

SCHEME = "records:"
KEPT = 4
"""Sets that stay open."""
UNLABELLED = -1
"""What stands for the class of images of competitions' test splits."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """A split. labels: indices of classes. read: the bytes of a row; safe in several threads.

    column: the values of a column by its name, None where a row has none. Raises DataError.
    """

    labels: Sequence[int]
    read: Callable[[int], bytes]
    column: Callable[[str], Iterable[object]]


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """A set of images. name: what it is called. state: changes when anything in it does.

    splits: under their names, or all records under None. columns: the names of all. notes: what a
    user should know.
    """

    name: str
    state: str
    classes: tuple[str, ...]
    splits: Mapping[SplitName | None, Records]
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def together(self) -> tuple[str, ...]:
        """A note where a column may group the images, and no splits are given."""
        return told_together(self.columns) if None in self.splits else ()

    def listing(self) -> Listing:
        """The images as files, row by row. Raises DataError for fewer than two classes."""
        used = {label for part in self.splits.values() for label in part.labels}
        classes = [composed(name) for name in self.classes]
        for label in used:
            if not 0 <= label < len(classes):
                raise DataError(
                    f"{printable(self.name)} has an image of the class {label}, of which there are "
                    f"{len(classes)}",
                    "source",
                )
        met = tuple(name for index, name in enumerate(classes) if index in used)
        if len(met) < LEAST_CLASSES:
            what = f"images of one class only, {met[0]!r}" if met else "no images"
            raise DataError(
                f"{printable(self.name)} holds {what}; at least two classes are needed", "source"
            )
        key = _shelve(self)
        # A record has no time of its own: it changed when anything in its set did.
        state = int.from_bytes(blake2b(self.state.encode(), digest_size=7).digest())
        files = [
            ImageFile(
                f"{key}/{split or 'all'}/{row}",
                record_name(split, row),
                classes[label],
                split,
                0,
                state,
            )
            for split, part in self.splits.items()
            for row, label in enumerate(part.labels)
        ]
        return Listing(tuple(files), met, (*self.notes, *self.together, *capitals_notes(met)))


@lru_cache(maxsize=2)
def groups_told(shelf: Shelf, name: str) -> dict[str, str | None]:
    """What a column says of each record, by the record's name; None where nothing.

    Raises DataError where there is no such column, or it holds neither texts nor numbers.
    """
    column = shelf.columns[column_called(name, shelf.columns, printable(shelf.name))]
    return {
        record_name(split, row): _group(value, column)
        for split, part in shelf.splits.items()
        for row, value in enumerate(part.column(column))
    }


def _group(value: object, column: str) -> str | None:
    if isinstance(value, bytes | Mapping | Sequence) and not isinstance(value, str):
        raise no_groups(column)
    nothing = value is None or value != value or value == ""  # noqa: PLR0124 - as NaN is
    return None if nothing else str(value)


def in_order(splits: Mapping[SplitName | None, T]) -> dict[SplitName | None, T]:
    """The splits in the order in which a shelf has them."""
    order: tuple[SplitName | None, ...] = (None, "train", "validation", "test")
    return {split: splits[split] for split in order if split in splits}


def left_out(others: Iterable[str], bare: Iterable[str]) -> tuple[str, ...]:
    """Notes on splits that are not read: of other names, or without labels."""
    return (
        *(f"Split {x} is left out: it is none of train, validation and test." for x in others),
        *(f"Split {x} has no labels and is left out." for x in bare),
    )


def record_name(split: SplitName | None, row: int) -> str:
    """What a record is called, as a file is by its path."""
    return f"{split} image {row}" if split else f"image {row}"


_SHELVES: dict[str, Shelf] = {}
_LOCK = Lock()


def is_record(path: str) -> bool:
    """Whether a path is that of a record."""
    return path.startswith(SCHEME)


def record(path: str) -> bytes:
    """The bytes of a record that was listed."""
    key, split, row = path.rsplit("/", 2)
    splits = {str(name or "all"): part for name, part in _SHELVES[key].splits.items()}
    return splits[split].read(int(row))


def _shelve(shelf: Shelf) -> str:
    """Keep a set open for those who have its paths; the oldest makes room."""
    key = f"{SCHEME}{shelf.name}"
    with _LOCK:
        _SHELVES.pop(key, None)
        _SHELVES[key] = shelf
        while len(_SHELVES) > KEPT:
            _SHELVES.pop(next(iter(_SHELVES)))
    return key
