"""Which files of a folder are images, of which class and split; opens none of them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cnnbench.data.sources._hints import is_archive, named_after_class, packed, unpack
from cnnbench.data.sources._layout import (
    Top,
    alike_note,
    folders,
    is_folder,
    is_system,
    refuse_annotations,
    refuse_masks,
    refuse_unnamed_splits,
    refuse_wrapped_splits,
    split_folders,
    split_meant,
    splits_inside_note,
)
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources.source import SplitName
from cnnbench.data.splits.classes import LEAST_CLASSES, LISTED, composed, sort_classes
from cnnbench.errors import DataError, meant

ORDER: Mapping[SplitName | None, int] = {None: 0, "train": 0, "validation": 1, "test": 2}
UNREAD = frozenset(
    {
        *(".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".pef", ".raf", ".raw", ".rw2", ".srw"),
        *(".eps", ".heic", ".heif", ".jxl", ".svg"),
    }
)
"""Extensions of images that Pillow does not read, unless a plugin of its own is installed."""
SIDE = frozenset(
    {
        *(".aae", ".csv", ".db", ".html", ".ini", ".json", ".log", ".md", ".pdf", ".thm", ".txt"),
        *(".url", ".xml", ".xmp", ".yaml", ".yml"),
    }
)
"""Extensions of files that nobody takes for images, passed over without a word."""

TO_KNOWN = "convert them to JPEG or PNG, or, if they are that already, rename them to .jpg or .png"


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
    """files: by split, class and name. notes: on folders and files that are left out.

    passed_over: files in class folders that are of no known image format, by extension.
    """

    files: tuple[ImageFile, ...]
    classes: tuple[str, ...]
    notes: tuple[str, ...]
    passed_over: Mapping[str, int]

    def class_count(self) -> dict[str, tuple[int, ...]]:
        """Images of each class by split, or under "all"."""
        counted = Counter((file.split or "all", file.class_name) for file in self.files)
        splits = dict.fromkeys(file.split or "all" for file in self.files)
        return {split: tuple(counted[split, name] for name in self.classes) for split in splits}


@dataclass(frozen=True, slots=True)
class Aside:
    """What is met that is no image of a class. unread, unknown, side: files in class folders."""

    unread: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    side: Counter[str] = field(default_factory=Counter)
    loose: list[str] = field(default_factory=list)
    archives: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    system: list[str] = field(default_factory=list)

    def notes(self) -> Iterator[str]:
        """A sentence on each kind."""
        if self.unread:
            yield f"{_of_other_formats(self.unread)}."
        if self.unknown:
            yield f"{_of_no_format(self.unknown)}."
        if self.archives:
            yield f"Archives are left out, unless you unpack them: {some(self.archives)}."
        if self.links:
            yield f"Linked folders inside class folders are left out: {some(self.links)}."
        if self.system:
            yield f"Folders that systems make are left out: {some(self.system)}."


def list_images(root: Path, extensions: frozenset[str]) -> Listing:
    """Find the images below a folder.

    extensions: lower-case, with the dot; other files, and hidden ones, are passed over. Folders
    inside a class's folder belong to the class, linked ones don't. Raises DataError where fewer
    than two classes have images, or what looks like splits is not named so.
    """
    shown = printable(str(root))
    if not root.is_dir():
        raise DataError(f"{shown} {_no_folder(root)}", "source")
    aside = Aside()
    try:
        tops = split_folders(root)
        for top in dict.fromkeys([root, *(top for _, top in tops)]):
            _look_beside(root, top, extensions, aside, loose=top in {top for _, top in tops})
        inside = [
            (split, folder) for split, top in tops for folder in folders(top) if _inward(folder)
        ]
        files = [file for top in inside for file in _images(root, *top, extensions, aside)]
        notes = _layout_notes(root, tops, inside, files)
    except OSError as error:
        raise DataError(f"{shown} can't be listed: {error.strerror}", "source") from error
    classes = sort_classes({file.class_name for file in files})
    empty = sorted({_class_name(folder) for _, folder in inside} - set(classes))
    if len(classes) < LEAST_CLASSES:
        raise DataError(_too_few(root, classes, empty, aside), "source")
    if aside.loose:
        notes.insert(0, f"Images outside class folders are left out: {some(sorted(aside.loose))}.")
    if empty:
        notes.insert(0, f"Class folders without images are left out: {some(empty)}.")
    notes += _capitals_notes(classes)
    rank = {name: index for index, name in enumerate(classes)}
    files.sort(key=lambda file: (ORDER[file.split], rank[file.class_name], file.name))
    return Listing(tuple(files), classes, (*notes, *aside.notes()), dict(aside.unknown))


def _layout_notes(
    root: Path,
    tops: Sequence[Top],
    inside: Sequence[tuple[SplitName | None, os.DirEntry[str]]],
    files: Sequence[ImageFile],
) -> list[str]:
    """On splits that are named otherwise, empty, or beside other folders. Raises DataError."""
    own = {file.name.rpartition("/")[0] for file in files}
    for _, top in tops:
        depth = 0 if top == root else len(top.name) + 1
        refuse_annotations(top, {name[depth:] for name in own})
    refuse_masks(root, own)
    if tops[0][0] is None:
        return _class_notes(root, [folder for _, folder in inside], files)
    refuse_wrapped_splits(root, tops, own)
    held = {file.split for file in files}
    notes = [
        f"{top.name} holds no images in class folders: a {split} split is drawn instead."
        for split, top in tops
        if split not in held and split != "train"
    ]
    used = {top.name for _, top in tops}
    other = [folder.name for folder in folders(root) if folder.name not in used]
    return [f"Folders beside the splits are left out: {some(other)}.", *notes] if other else notes


def _class_notes(
    root: Path, classes: Sequence[os.DirEntry[str]], files: Sequence[ImageFile]
) -> list[str]:
    """On class folders whose names or contents are those of splits. Raises DataError."""
    tops = {file.name.partition("/")[0] for file in files}
    own = {file.name.partition("/")[0] for file in files if file.name.count("/") == 1}
    holding = [folder for folder in classes if printable(folder.name) in tops]
    if holding and not own:
        refuse_unnamed_splits(root, holding)
        note = splits_inside_note(holding) or alike_note(holding)
        return [note] if note else []
    named = {folder.name: split_meant(folder.name) for folder in holding}
    splits = [name for name, split in named.items() if split]
    if len({*named.values()} - {""}) > 1:
        raise DataError(_splits_without_classes(root, splits, files), "source")
    if splits and len(holding) == LEAST_CLASSES:
        note = f"The class {printable(splits[0])} is named like a split: if it is one, its images "
        return [f"{note}belong into a folder for each class."]
    return []


def _capitals_notes(classes: Sequence[str]) -> Iterator[str]:
    """On classes that some systems would keep in one folder."""
    by_letters: dict[str, list[str]] = {}
    for name in classes:
        by_letters.setdefault(name.casefold(), []).append(name)
    for names in by_letters.values():
        if len(names) > 1:
            yield (
                f"The classes {some(names)} differ in capitals only: if they are one class, move "
                "its images into one folder."
            )


def _splits_without_classes(root: Path, splits: Sequence[str], files: Sequence[ImageFile]) -> str:
    """That folders are splits by name, but hold images in no class folders, and what to do."""
    first = next((name for name in splits if split_meant(name) == "train"), splits[0])
    names = [file.name for file in files if file.name.startswith(f"{first}/")]
    how = named_after_class(root / first, [name.rpartition("/")[2] for name in names])
    here = printable(str(root / first))
    expected = f"expected in each is a folder for each class, such as {here}/cat and {here}/dog"
    return (
        f"{printable(str(root))} holds folders that look like splits ({some(splits)}), but without "
        f"class folders in them; {how or expected}"
    )


def _look_beside(
    root: Path, top: Path, extensions: frozenset[str], aside: Aside, *, loose: bool
) -> None:
    """Note what is in a folder beside its class folders. loose: images, too."""
    with os.scandir(top) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = printable(Path(entry.path).relative_to(root).as_posix())
            if is_system(entry.name) and is_folder(entry):
                aside.system.append(name)
            elif loose and _is_image(entry, extensions):
                aside.loose.append(printable(entry.name))
            elif is_archive(entry.name) and not is_folder(entry):
                aside.archives.append(name)


def _inward(folder: os.DirEntry[str]) -> bool:
    """Whether a class folder is no link that leads to a folder around itself."""
    if not folder.is_symlink():
        return True
    return not Path(folder.path).parent.resolve().is_relative_to(Path(folder.path).resolve())


def _images(
    root: Path,
    split: SplitName | None,
    folder: os.DirEntry[str],
    extensions: frozenset[str],
    aside: Aside,
) -> Iterator[ImageFile]:
    """The images in a class's folder and the folders inside it."""
    class_name = _class_name(folder)
    left = [folder.path]
    while left:
        with os.scandir(left.pop()) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                name = printable(Path(entry.path).relative_to(root).as_posix())
                if is_folder(entry, links=False):
                    if is_system(entry.name):
                        aside.system.append(name)
                    else:
                        left.append(entry.path)
                elif _is_image(entry, extensions):
                    yield ImageFile(entry.path, name, class_name, split, *_state(entry))
                elif is_folder(entry):
                    aside.links.append(name)
                elif is_archive(entry.name):
                    aside.archives.append(name)
                else:
                    _count(_extension(entry), aside)


def _count(extension: str, aside: Aside) -> None:
    if extension in UNREAD:
        aside.unread[extension] += 1
    elif extension in SIDE:
        aside.side[extension] += 1
    else:
        aside.unknown[printable(extension) or "without extension"] += 1


def _is_image(entry: os.DirEntry[str], extensions: frozenset[str]) -> bool:
    """By its name; a link to nowhere and a pipe count, too, so that they are told as unreadable."""
    if entry.name.startswith(".") or _extension(entry) not in extensions:
        return False
    return not is_folder(entry, links=False)


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


def _no_folder(root: Path) -> str:
    """What stands in place of a folder, and what to do."""
    shown = printable(str(root))
    if not root.exists():
        return f"does not exist; {_expected(shown)}"
    if is_archive(root.name):
        return f"is an archive, not a folder; unpack it first: {printable(unpack(str(root)))}"
    if root.suffix.lower() == ".npz":
        return f"is a file, not a folder{meant([f'npz:{shown}'])}"
    return f"is a file, not a folder; {_expected(shown)}"


def _too_few(root: Path, classes: Sequence[str], empty: Sequence[str], aside: Aside) -> str:
    """What a folder holds in place of two classes, and what to do."""
    shown = printable(str(root))
    advice = [packed(root, aside.archives)]
    if aside.unread:
        advice.insert(0, _of_other_formats(aside.unread))
    if aside.unknown:
        advice.append(f"{_of_no_format(aside.unknown)}; {TO_KNOWN}")
    if not classes and not aside.loose:
        what = "holds no images" if not empty else f"has no images in {some(empty)}"
        if empty:
            held = f"nothing but {_counted(aside.side)}" if aside.side else "nothing"
            advice.append(f"there is {held} in these folders; put the images of each class there")
    elif not classes:
        what = f"holds images ({some(sorted(aside.loose))}) but no class folders with images"
        advice.append(named_after_class(root, aside.loose))
    else:
        what = f"has images of one class only, {classes[0]!r}"
        wrapper = root / classes[0]
        if wrapper.is_dir() and folders(wrapper):
            return f"{shown} {what}{meant([printable(str(wrapper))])}"
    return f"{shown} {what}; {next(filter(None, advice), _expected(shown))}"


def _of_other_formats(unread: Counter[str]) -> str:
    files = (
        "1 file is of a format"
        if unread.total() == 1
        else f"{unread.total():,} files are of formats"
    )
    return f"{files} that cnnbench does not read ({_counted(unread)}): convert to JPEG or PNG"


def _of_no_format(unknown: Counter[str]) -> str:
    files = "1 file" if unknown.total() == 1 else f"{unknown.total():,} files"
    are = "is" if unknown.total() == 1 else "are"
    return f"{files} in class folders {are} of no known image format: {_counted(unknown)}"


def _counted(extensions: Counter[str]) -> str:
    listed = [f"{name} {n:,}" for name, n in extensions.most_common(LISTED)]
    return ", ".join(listed) + (", ..." if len(extensions) > LISTED else "")
