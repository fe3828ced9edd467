"""Folders and files on disk, and those in archives, under paths such as photos.zip/cat/1.jpg."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from cnnbench.data.sources._archive import Archive, PackedFile, open_archive, split_path


class State(Protocol):
    """What is known of a file: bytes, and nanoseconds since 1970."""

    @property
    def st_size(self) -> int: ...

    @property
    def st_mtime_ns(self) -> int: ...


class DirectoryEntry(Protocol):
    """A file or folder in a folder, as `os.DirEntry` has it."""

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> str: ...

    def is_dir(self, *, follow_symlinks: bool = True) -> bool: ...

    def is_symlink(self) -> bool: ...

    def stat(self) -> State: ...


def scan(folder: str | Path) -> list[DirectoryEntry]:
    """What is in a folder, by name. Raises OSError, and DataError of a damaged archive."""
    found: list[DirectoryEntry]
    if inside := _inside(folder):
        archive, name = inside
        found = list(archive.entries(name))
    else:
        with os.scandir(folder) as entries:
            found = list(entries)
    return sorted(found, key=lambda entry: entry.name)


def walk(folder: str | Path) -> Iterator[tuple[str, list[DirectoryEntry], list[DirectoryEntry]]]:
    """As os.walk: path, folders and files; what is taken from the folders is not entered."""
    entries = scan(folder)
    inside = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    files = [entry for entry in entries if not entry.is_dir()]
    yield os.fspath(folder), inside, files
    for entry in inside:
        yield from walk(entry.path)


def is_dir(path: str | Path) -> bool:
    """Whether a path leads to a folder, or to an archive or a folder in one."""
    if inside := _inside(path):
        return inside[0].is_dir(inside[1])
    return os.path.isdir(path)  # noqa: PTH112 - False for what is no path


def is_file(path: str | Path) -> bool:
    """Whether a path leads to a file that is no archive which is read in place."""
    if inside := _inside(path):
        return inside[0].member(inside[1]) is not None
    return os.path.isfile(path)  # noqa: PTH113 - False for what is no path


def state_of(path: str | Path) -> State:
    """Size and time of a file. Raises OSError where there is none."""
    if inside := _inside(path):
        return _member(*inside)
    return os.stat(path)  # noqa: PTH116 - a tenth of the time


def content_of(path: str | Path) -> bytes:
    """The bytes of a file. Raises OSError, and DataError of a damaged archive."""
    return packed(path) if split_path(path) else Path(path).read_bytes()


def packed(path: str | Path) -> bytes:
    """The bytes of a file in an archive. Raises OSError, and DataError of a damaged archive."""
    inside = _inside(path)
    if inside is None:
        raise FileNotFoundError(2, "there is no such archive", os.fspath(path))
    archive, name = inside
    return archive.read(_member(archive, name))


def _member(archive: Archive, name: str) -> PackedFile:
    member = archive.member(name)
    if member is None:
        raise FileNotFoundError(2, "it is not in the archive", name)
    return member


def _inside(path: str | Path) -> tuple[Archive, str] | None:
    """The archive that a path leads into, and the name in it; None where into none."""
    found = split_path(path)
    return (open_archive(found[0]), found[1]) if found else None
