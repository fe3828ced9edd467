"""Which folders below a root hold the class folders, and of which split."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cnnbench.data.source import SplitName
from cnnbench.data.sources._names import printable, some
from cnnbench.errors import DataError

SPLIT_FOLDERS: Mapping[str, SplitName] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
Top = tuple[SplitName | None, Path]
"""A folder that holds class folders; no split where the root itself does."""


def split_folders(root: Path) -> list[Top]:
    """The folders that hold class folders: those of the splits, or the root alone.

    A folder `train` that holds images itself is a class, of trains.
    """
    tops = [
        (SPLIT_FOLDERS[folder.name.lower()], Path(folder.path))
        for folder in folders(root)
        if folder.name.lower() in SPLIT_FOLDERS
    ]
    if any(split == "train" and folders(top) for split, top in tops):
        return list(tops)
    return [(None, root)]


def folders(top: str | Path) -> list[os.DirEntry[str]]:
    """The folders in a folder by name, without hidden ones."""
    with os.scandir(top) as entries:
        shown = [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    return sorted(shown, key=lambda entry: entry.name)


def refuse_unnamed_splits(root: Path, classes: Sequence[os.DirEntry[str]]) -> None:
    """Raise DataError where class folders, none of which holds an image itself, look like splits.

    classes: folders that hold no images but those in folders inside them.
    """
    named = [folder.name for folder in classes if _words(folder.name) & set(SPLIT_FOLDERS)]
    if named:
        raise DataError(
            f"{printable(str(root))} holds folders that look like splits ({some(named)}), not "
            "classes; name them train, val and test, of which train must be there",
            "source",
        )


def alike_note(classes: Sequence[os.DirEntry[str]]) -> str:
    """That class folders, none of which holds an image itself, may be splits; "" if they differ."""
    inside = {tuple(inner.name for inner in folders(folder.path)) for folder in classes}
    names, shared = [folder.name for folder in classes], inside.pop()
    if inside or min(len(names), len(shared)) < 2:  # noqa: PLR2004 - one alone is alike to nothing
        return ""
    return (
        f"The classes {some(names)} hold the same folders ({some(shared)}): if they are splits "
        "rather than classes, name them train, val and test."
    )


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z]+", name.lower()))
