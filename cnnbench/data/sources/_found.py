"""What is found in a folder: the images of classes, and what lies beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._tree import DirectoryEntry, state_of
from cnnbench.data.sources.source import SplitName
from cnnbench.data.splits.classes import LEAST_CLASSES, LISTED, sort_classes
from cnnbench.errors import DataError

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
ORDER: Mapping[SplitName | None, int] = {None: 0, "train": 0, "validation": 1, "test": 2}


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
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Iterable[ImageFile], notes: Sequence[str], who: str) -> Listing:
        """The files in order, with notes on their classes.

        who: what names them, with its verb: "labels.csv lists". Raises DataError for fewer than two
        classes.
        """
        found = list(files)
        classes = sort_classes({file.class_name for file in found})
        if len(classes) < LEAST_CLASSES:
            what = f"images of one class only, {classes[0]!r}" if classes else "no images"
            raise DataError(f"{who} {what}; at least two classes are needed", "source")
        return cls(in_order(found, classes), classes, (*notes, *capitals_notes(classes)))

    def class_count(self) -> dict[str, tuple[int, ...]]:
        """Images of each class by split, or under "all"."""
        counted = Counter((file.split or "all", file.class_name) for file in self.files)
        splits = dict.fromkeys(file.split or "all" for file in self.files)
        return {split: tuple(counted[split, name] for name in self.classes) for split in splits}


def in_order(files: Iterable[ImageFile], classes: Sequence[str]) -> tuple[ImageFile, ...]:
    """The files by split, class and name."""
    rank = {name: index for index, name in enumerate(classes)}
    return tuple(sorted(files, key=lambda x: (ORDER[x.split], rank[x.class_name], x.name)))


def capitals_notes(classes: Sequence[str]) -> Iterator[str]:
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


def size_and_time(file: str | DirectoryEntry) -> tuple[int, int]:
    """Of a file, by its path or as it was listed; 0 and 0 of one that is not there."""
    try:
        state = state_of(file) if isinstance(file, str) else file.stat()
    except OSError:
        return 0, 0
    return state.st_size, state.st_mtime_ns


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

    def count(self, extension: str) -> None:
        """Note a file in a class folder that is no image by its name."""
        if extension in UNREAD:
            self.unread[extension] += 1
        elif extension in SIDE:
            self.side[extension] += 1
        else:
            self.unknown[printable(extension) or "without extension"] += 1

    def notes(self) -> Iterator[str]:
        """A sentence on each kind."""
        if self.unread:
            yield f"{of_other_formats(self.unread)}."
        if self.unknown:
            yield f"{of_no_format(self.unknown)}."
        if self.archives:
            yield f"Archives are left out, unless you unpack them: {some(self.archives)}."
        if self.links:
            yield f"Linked folders inside class folders are left out: {some(self.links)}."
        if self.system:
            yield f"Folders that systems make are left out: {some(self.system)}."


def of_other_formats(unread: Counter[str]) -> str:
    """A sentence on files in formats that are not read, by extension."""
    files = (
        "1 file is of a format"
        if unread.total() == 1
        else f"{unread.total():,} files are of formats"
    )
    return f"{files} that cnnbench does not read ({counted(unread)}): convert to JPEG or PNG"


def of_no_format(unknown: Counter[str]) -> str:
    """A sentence on files that are no images by their names, by extension."""
    files = "1 file" if unknown.total() == 1 else f"{unknown.total():,} files"
    are = "is" if unknown.total() == 1 else "are"
    return f"{files} in class folders {are} of no known image format: {counted(unknown)}"


def counted(extensions: Counter[str]) -> str:
    """The most common extensions with their numbers of files."""
    listed = [f"{name} {n:,}" for name, n in extensions.most_common(LISTED)]
    return ", ".join(listed) + (", ..." if len(extensions) > LISTED else "")
