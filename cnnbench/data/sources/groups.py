"""Which images belong together: told by their names, by a table, or by the source itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._wildcards import compiled, refuse_unknown
from cnnbench.errors import DataError

PART = "{group}"
PARTS = {PART: "([^/]+?)"}
TABLES = (".csv", ".tsv")
FORMS = 'a pattern such as "{group}_{number}.*", or a table such as "groups.csv"'


@dataclass(frozen=True, slots=True)
class ToldGroups:
    """The group of each image by its name, None of one that is in none.

    notes: what a user should know. settled: notes of the source that hold no longer.
    """

    names: Sequence[str | None]
    notes: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()


def no_groups(column: str) -> DataError:
    """What is said of a column of images, lists or the like."""
    return DataError(
        f"column {printable(column)} tells no groups: it holds neither texts nor whole numbers",
        "groups",
    )


def is_pattern(groups: str) -> bool:
    """Whether groups are told by a pattern over the names of files."""
    return "{" in groups


def is_table(groups: str) -> bool:
    """Whether groups are told by a table of their own."""
    return not is_pattern(groups) and groups.lower().endswith(TABLES)


def told_by(groups: str, names: Sequence[str]) -> ToldGroups:
    """What a pattern or a table says of images. names: of their files, below the folder.

    Raises DataError where it is neither, or fits no image.
    """
    if not names:
        raise DataError(
            "the source does not tell of which files its data are, so that no pattern or table "
            "can say which belong together",
            "groups",
        )
    if is_pattern(groups):
        return ToldGroups(_by_pattern(groups, names))
    if is_table(groups):
        from cnnbench.data.sources._groups_table import read_groups

        told, notes = read_groups(Path(groups), names)
        return ToldGroups(told, notes)
    raise DataError(
        f"groups = {groups!r} names a column, but the source has none; expected is {FORMS}",
        "groups",
    )


def as_numbers(told: ToldGroups) -> NDArray[np.int64]:
    """A number for each image, equal for those of a group, counted up from 0 as they are met.

    An image of no group is a group by itself.
    """
    numbers: dict[object, int] = {}
    found = [
        numbers.setdefault((row,) if name is None else name, len(numbers))
        for row, name in enumerate(told.names)
    ]
    return np.array(found, np.int64)


def notes_on(told: ToldGroups, names: Sequence[str]) -> Iterator[str]:
    """What was noted, and on images that are in no group, and on groups of one image each."""
    yield from told.notes
    alone = [name for name, group in zip(names, told.names, strict=True) if group is None]
    if alone:
        are = "1 image is" if len(alone) == 1 else f"{len(alone):,} images are"
        yield f"{are} in no group of data.groups and each kept as one of its own: {some(alone)}."
    elif len(set(told.names)) == len(told.names):
        yield (
            "Each image is a group of its own by data.groups, so that it keeps nothing together."
        )


def digest_of_groups(groups: NDArray[np.int64]) -> str:
    """SHA-256 of which images belong together, whatever their groups are called."""
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    return hashlib.sha256(rank[inverse].astype("<i8").tobytes()).hexdigest()


def _by_pattern(groups: str, names: Sequence[str]) -> list[str | None]:
    """A pattern is compared with as many of the last parts of a path as it has itself."""
    refuse_unknown(groups, PARTS, "groups")
    if PART not in groups:
        raise DataError(
            f"groups = {groups!r} is a pattern without {PART}; expected is {FORMS}", "groups"
        )
    wanted = compiled(groups, PARTS)
    parts = 0 if "**" in groups else groups.count("/") + 1
    told: list[str | None] = []
    for name in names:
        found = wanted.fullmatch("/".join(name.split("/")[-parts:]))
        told.append("/".join(found.groups()) if found else None)
    if not any(told):
        raise DataError(
            f"groups = {groups!r} fits none of the {len(names):,} images, such as "
            f"{some([printable(name) for name in names])}",
            "groups",
        )
    return told
