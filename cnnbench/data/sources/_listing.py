"""Which files of a folder are images, of which class and split; opens none of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnbench.data.classes import LEAST_CLASSES, sort_classes
from cnnbench.data.source import SplitName
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
ORDER: Mapping[SplitName | None, int] = {None: 0, "train": 0, "validation": 1, "test": 2}
NAMED = 3
"""How many names a message lists."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """name: its path below the folder. split: None where the folder has no splits.

    size: bytes; modified: nanoseconds since 1970.
    """

    path: str
    name: str
    class_name: str
    split: SplitName | None
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Listing:
    """files: by split, class and name. notes: on folders and files that are left out."""

    files: tuple[ImageFile, ...]
    classes: tuple[str, ...]
    notes: tuple[str, ...]

    def class_count(self) -> dict[str, tuple[int, ...]]:
        """Images of each class by split, or under "all"."""
        counted = Counter((file.split or "all", file.class_name) for file in self.files)
        splits = dict.fromkeys(file.split or "all" for file in self.files)
        return {split: tuple(counted[split, name] for name in self.classes) for split in splits}


def list_images(root: Path, extensions: frozenset[str]) -> Listing:
    """Find the images below a folder.

    extensions: lower-case, with the dot; other files, and hidden ones, are passed over. Folders
    inside a class's folder belong to the class. Raises DataError where fewer than two classes have
    images.
    """
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise DataError(f"{root} {what}; {_expected(root)}", "source")
    try:
        tops = _split_folders(root)
        folders = [(split, folder) for split, top in tops for folder in _folders(top)]
        files = [file for top in folders for file in _images(root, *top, extensions)]
        loose = [
            file.name for _, top in tops for file in os.scandir(top) if _is_image(file, extensions)
        ]
    except OSError as error:
        raise DataError(f"{root} can't be listed: {error}", "source") from error
    classes = sort_classes({file.class_name for file in files})
    empty = sorted({folder.name for _, folder in folders} - set(classes))
    if len(classes) < LEAST_CLASSES:
        raise DataError(_too_few(root, classes, empty, loose), "source")
    notes = []
    if empty:
        notes.append(f"Class folders without images are left out: {_some(empty)}.")
    if loose:
        notes.append(f"Images outside class folders are left out: {_some(sorted(loose))}.")
    if tops[0][0] is not None:
        used = {top.name for _, top in tops}
        other = sorted(folder.name for folder in _folders(root) if folder.name not in used)
        if other:
            notes.append(f"Folders beside the splits are left out: {_some(other)}.")
    rank = {name: index for index, name in enumerate(classes)}
    files.sort(key=lambda file: (ORDER[file.split], rank[file.class_name], file.name))
    return Listing(tuple(files), classes, tuple(notes))


def _split_folders(root: Path) -> list[tuple[SplitName | None, Path]]:
    """The folders that hold class folders: those of the splits, or the root alone.

    A folder `train` that holds images itself is a class, of trains.
    """
    tops = [
        (SPLIT_FOLDERS[folder.name.lower()], Path(folder.path))
        for folder in _folders(root)
        if folder.name.lower() in SPLIT_FOLDERS
    ]
    if any(split == "train" and _folders(top) for split, top in tops):
        return list(tops)
    return [(None, root)]


def _folders(top: Path) -> list[os.DirEntry[str]]:
    with os.scandir(top) as entries:
        shown = [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    return sorted(shown, key=lambda entry: entry.name)


def _images(
    root: Path,
    split: SplitName | None,
    folder: os.DirEntry[str],
    extensions: frozenset[str],
    class_name: str = "",
) -> Iterator[ImageFile]:
    """The images in a class's folder and the folders inside it."""
    class_name = class_name or folder.name
    with os.scandir(folder.path) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _images(root, split, entry, extensions, class_name)
            elif _is_image(entry, extensions):
                size, modified = _state(entry)
                name = Path(entry.path).relative_to(root).as_posix()
                yield ImageFile(entry.path, name, class_name, split, size, modified)


def _is_image(entry: os.DirEntry[str], extensions: frozenset[str]) -> bool:
    """By its name; a link counts even if it leads nowhere, so that it is reported as unreadable."""
    if entry.name.startswith(".") or not (entry.is_file() or entry.is_symlink()):
        return False
    return os.path.splitext(entry.name)[1].lower() in extensions  # noqa: PTH122 - a tenth of the time


def _state(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        state = entry.stat()
    except OSError:
        return 0, 0
    return state.st_size, state.st_mtime_ns


def _expected(root: Path) -> str:
    return f"expected is a folder for each class, such as {root}/cat and {root}/dog"


def _too_few(root: Path, classes: Sequence[str], empty: Sequence[str], loose: Sequence[str]) -> str:
    if not classes and not loose:
        what = "holds no images" if not empty else f"has no images in {_some(empty)}"
    elif not classes:
        what = f"holds images ({_some(sorted(loose))}) but no class folders with images"
    else:
        what = f"has images of one class only, {classes[0]!r}"
        if any(_folders(root / classes[0])) if (root / classes[0]).is_dir() else False:
            what += f"; did you mean {root / classes[0]}?"
    return f"{root} {what}; {_expected(root)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
