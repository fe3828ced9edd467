"""Which files of a folder are images, of which class and split; opens none of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cnnbench.data.sources._archive import split_path
from cnnbench.data.sources._found import (
    Aside,
    ImageFile,
    Listing,
    capitals_notes,
    in_order,
    size_and_time,
)
from cnnbench.data.sources._hints import is_archive
from cnnbench.data.sources._judging import layout_notes, no_folder, too_few
from cnnbench.data.sources._layout import (
    folders,
    is_folder,
    is_system,
    split_folders,
    split_meant,
)
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._tree import DirectoryEntry, is_dir, scan
from cnnbench.data.sources.source import SplitName
from cnnbench.data.splits.classes import LEAST_CLASSES, composed, sort_classes
from cnnbench.errors import DataError


def list_images(root: Path, extensions: frozenset[str]) -> Listing:
    """Find the images below a folder.

    extensions: lower-case, with the dot; other files, and hidden ones, are passed over. Folders
    inside a class's folder belong to the class, linked ones don't. Raises DataError where fewer
    than two classes have images, or what looks like splits is not named so.
    """
    shown = printable(str(root))
    if not is_dir(root):
        raise DataError(f"{shown} {no_folder(root)}", "source")
    aside = Aside()
    try:
        tops = split_folders(root)
        for top in dict.fromkeys([root, *(top for _, top in tops)]):
            _look_beside(root, top, extensions, aside, loose=top in {top for _, top in tops})
        inside = [
            (split, folder) for split, top in tops for folder in folders(top) if _inward(folder)
        ]
        files = [file for top in inside for file in _images(root, *top, extensions, aside)]
        notes = layout_notes(root, tops, inside, files)
    except OSError as error:
        raise DataError(f"{shown} can't be listed: {error.strerror}", "source") from error
    classes = sort_classes({file.class_name for file in files})
    empty = sorted({_class_name(folder) for _, folder in inside} - set(classes))
    if len(classes) < LEAST_CLASSES:
        raise DataError(too_few(root, classes, empty, aside), "source")
    if aside.loose:
        notes.insert(0, f"Images outside class folders are left out: {some(sorted(aside.loose))}.")
    if empty:
        notes.insert(0, f"Class folders without images are left out: {some(empty)}.")
    notes += capitals_notes(classes)
    files_in_order = in_order(files, classes)
    return Listing(files_in_order, classes, (*notes, *aside.notes()), dict(aside.unknown))


def entered(root: Path) -> Path:
    """The one folder that an archive holds, as most do, the root itself where there is more."""
    found = split_path(root)
    if found is None or found[1]:
        return root
    inside = folders(root)
    files = [entry for entry in scan(root) if not is_folder(entry)]
    if len(inside) != 1 or files or split_meant(inside[0].name):
        return root
    return Path(inside[0].path)


def _look_beside(
    root: Path, top: Path, extensions: frozenset[str], aside: Aside, *, loose: bool
) -> None:
    """Note what is in a folder beside its class folders. loose: images, too."""
    for entry in scan(top):
        name = printable(Path(entry.path).relative_to(root).as_posix())
        if is_system(entry.name) and is_folder(entry):
            aside.system.append(name)
        elif loose and _is_image(entry, extensions):
            aside.loose.append(printable(entry.name))
        elif is_archive(entry.name) and not is_folder(entry):
            aside.archives.append(name)


def _inward(folder: DirectoryEntry) -> bool:
    """Whether a class folder is no link that leads to a folder around itself."""
    if not folder.is_symlink():
        return True
    return not Path(folder.path).parent.resolve().is_relative_to(Path(folder.path).resolve())


def _images(
    root: Path,
    split: SplitName | None,
    folder: DirectoryEntry,
    extensions: frozenset[str],
    aside: Aside,
) -> Iterator[ImageFile]:
    """The images in a class's folder and the folders inside it."""
    class_name = _class_name(folder)
    left = [(folder.path, printable(Path(folder.path).relative_to(root).as_posix()))]
    while left:
        path, shown = left.pop()
        for entry in scan(path):
            if entry.name.startswith("."):
                continue
            name = f"{shown}/{printable(entry.name)}"
            if is_folder(entry, links=False):
                if is_system(entry.name):
                    aside.system.append(name)
                else:
                    left.append((entry.path, name))
            elif _is_image(entry, extensions):
                yield ImageFile(entry.path, name, class_name, split, *size_and_time(entry))
            elif is_folder(entry):
                aside.links.append(name)
            elif is_archive(entry.name):
                aside.archives.append(name)
            else:
                aside.count(_extension(entry))


def _is_image(entry: DirectoryEntry, extensions: frozenset[str]) -> bool:
    """By its name; a link to nowhere and a pipe count, too, so that they are told as unreadable."""
    if entry.name.startswith(".") or _extension(entry) not in extensions:
        return False
    return not is_folder(entry, links=False)


def _extension(entry: DirectoryEntry) -> str:
    return os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - a tenth of the time


def _class_name(folder: DirectoryEntry) -> str:
    """Raises DataError for a name that can be printed in no table."""
    try:
        folder.name.encode()
    except UnicodeEncodeError:
        raise DataError(
            f"the name of the class folder {printable(folder.path)} is not UTF-8: rename it",
            "source",
        ) from None
    return composed(folder.name)
