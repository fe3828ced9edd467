"""Which files of a folder are images, of which class and split; opens none of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnbench.data.classes import LEAST_CLASSES, composed, sort_classes
from cnnbench.data.source import SplitName
from cnnbench.data.sources._layout import (
    Top,
    alike_note,
    folders,
    refuse_unnamed_splits,
    split_folders,
)
from cnnbench.data.sources._names import printable, some
from cnnbench.errors import DataError

ORDER: Mapping[SplitName | None, int] = {None: 0, "train": 0, "validation": 1, "test": 2}
UNREAD = frozenset(
    {
        *(".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".pef", ".raf", ".raw", ".rw2", ".srw"),
        *(".eps", ".heic", ".heif", ".jxl", ".svg"),
    }
)
"""Extensions of images that Pillow does not read, unless a plugin of its own is installed."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """name: its path below the folder, printable. split: None where the folder has no splits.

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
    images, or what looks like splits is not named so.
    """
    shown = printable(str(root))
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise DataError(f"{shown} {what}; {_expected(shown)}", "source")
    unread: Counter[str] = Counter()
    try:
        tops = split_folders(root)
        inside = [(split, folder) for split, top in tops for folder in folders(top)]
        files = [file for top in inside for file in _images(root, *top, extensions, unread=unread)]
        loose = [
            file.name for _, top in tops for file in os.scandir(top) if _is_image(file, extensions)
        ]
        notes = _layout_notes(root, tops, inside, files)
    except OSError as error:
        raise DataError(f"{shown} can't be listed: {error.strerror}", "source") from error
    classes = sort_classes({file.class_name for file in files})
    empty = sorted({_class_name(folder) for _, folder in inside} - set(classes))
    if len(classes) < LEAST_CLASSES:
        raise DataError(_too_few(root, classes, empty, loose, unread), "source")
    if loose:
        notes.insert(0, f"Images outside class folders are left out: {some(sorted(loose))}.")
    if empty:
        notes.insert(0, f"Class folders without images are left out: {some(empty)}.")
    if unread:
        notes.append(f"{_of_other_formats(unread)}.")
    rank = {name: index for index, name in enumerate(classes)}
    files.sort(key=lambda file: (ORDER[file.split], rank[file.class_name], file.name))
    return Listing(tuple(files), classes, tuple(notes))


def _layout_notes(
    root: Path,
    tops: Sequence[Top],
    inside: Sequence[tuple[SplitName | None, os.DirEntry[str]]],
    files: Sequence[ImageFile],
) -> list[str]:
    """On splits that are named otherwise, empty, or beside other folders. Raises DataError."""
    if tops[0][0] is None:
        own = {file.name.partition("/")[0] for file in files if file.name.count("/") == 1}
        deep = {file.name.partition("/")[0] for file in files} - own
        if own or not deep:
            return []
        classes = [folder for _, folder in inside if printable(folder.name) in deep]
        refuse_unnamed_splits(root, classes)
        note = alike_note(classes)
        return [note] if note else []
    held = {file.split for file in files}
    notes = [
        f"{top.name} holds no images in class folders: a {split} split is drawn instead."
        for split, top in tops
        if split not in held and split != "train"
    ]
    used = {top.name for _, top in tops}
    other = [folder.name for folder in folders(root) if folder.name not in used]
    return [f"Folders beside the splits are left out: {some(other)}.", *notes] if other else notes


def _images(
    root: Path,
    split: SplitName | None,
    folder: os.DirEntry[str],
    extensions: frozenset[str],
    *,
    unread: Counter[str],
    class_name: str = "",
) -> Iterator[ImageFile]:
    """The images in a class's folder and the folders inside it; counts those of other formats."""
    class_name = class_name or _class_name(folder)
    with os.scandir(folder.path) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _images(
                    root, split, entry, extensions, unread=unread, class_name=class_name
                )
            elif _is_image(entry, extensions):
                size, modified = _state(entry)
                name = printable(Path(entry.path).relative_to(root).as_posix())
                yield ImageFile(entry.path, name, class_name, split, size, modified)
            elif _extension(entry) in UNREAD:
                unread[_extension(entry)] += 1


def _is_image(entry: os.DirEntry[str], extensions: frozenset[str]) -> bool:
    """By its name; a link counts even if it leads nowhere, so that it is reported as unreadable."""
    if entry.name.startswith(".") or not (entry.is_file() or entry.is_symlink()):
        return False
    return _extension(entry) in extensions


def _extension(entry: os.DirEntry[str]) -> str:
    return os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - a tenth of the time


def _class_name(folder: os.DirEntry[str]) -> str:
    """Raises DataError for a name that can be printed in no table."""
    try:
        folder.name.encode()
    except UnicodeEncodeError:
        raise DataError(
            f"the name of the class folder {printable(folder.path)} is not UTF-8: rename it",
            "source",
        ) from None
    return composed(folder.name)


def _state(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        state = entry.stat()
    except OSError:
        return 0, 0
    return state.st_size, state.st_mtime_ns


def _expected(root: str) -> str:
    return f"expected is a folder for each class, such as {root}/cat and {root}/dog"


def _too_few(
    root: Path,
    classes: Sequence[str],
    empty: Sequence[str],
    loose: Sequence[str],
    unread: Counter[str],
) -> str:
    if not classes and not loose:
        what = "holds no images" if not empty else f"has no images in {some(empty)}"
    elif not classes:
        what = f"holds images ({some(sorted(loose))}) but no class folders with images"
    else:
        what = f"has images of one class only, {classes[0]!r}"
        if any(folders(root / classes[0])) if (root / classes[0]).is_dir() else False:
            what += f"; did you mean {root / classes[0]}?"
    if unread:
        return f"{printable(str(root))} {what}; {_of_other_formats(unread)}"
    return f"{printable(str(root))} {what}; {_expected(printable(str(root)))}"


def _of_other_formats(unread: Counter[str]) -> str:
    total, counts = unread.total(), ", ".join(f"{name} {n:,}" for name, n in unread.most_common())
    files = "1 file is of a format" if total == 1 else f"{total:,} files are of formats"
    return f"{files} that cnnbench does not read ({counts}): convert to JPEG or PNG"
