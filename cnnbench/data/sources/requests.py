"""From the text NAME:ARGUMENT of a recipe to the source's name and a request."""

from __future__ import annotations

import os

from cnnbench.data.sources._archive import split_path
from cnnbench.data.sources.source import Request
from cnnbench.data.spec import DataSpec
from cnnbench.errors import DataError

PATH_SOURCES = frozenset({"folder", "files", "csv", "npz", "idx", "parquet", "signals"})
READERS = {
    ".npz": "npz",
    ".parquet": "parquet",
    ".ts": "signals",
    **dict.fromkeys((".csv", ".tsv"), "csv"),
}
"""The source that reads a file, by its extension."""


def reader_of(path: str) -> str:
    """The source that reads what lies at a path, by its name alone."""
    if "{class}" in path:
        return "files"
    return READERS.get(os.path.splitext(path)[1].lower(), "folder")  # noqa: PTH122 - text as typed


def is_there(path: str) -> bool:
    """Whether a path leads to images: a folder, an archive, a pattern or a file of some source.

    ~ is the home folder.
    """
    path = os.path.expanduser(path)  # noqa: PTH111 - Path's raises for unknown users
    match reader_of(path):
        case "files":
            return True
        case "folder":
            folder = os.path.isdir(path)  # noqa: PTH112 - Path's raises for long names
            return bool(path) and (folder or split_path(path) is not None)
        case _:
            return os.path.exists(path)  # noqa: PTH110 - as above


def request_of(spec: DataSpec) -> tuple[str, Request]:
    """The name of the source and what is wanted of it.

    A path may start with `~` and is made absolute, so that two ways to write it share a cache.
    Raises DataError where the name or a path is missing.
    """
    name, _, argument = spec.source.partition(":")
    if not name:
        raise DataError(
            f"source = {spec.source!r} names no source; write NAME or NAME:ARGUMENT, "
            "for example mnist5k or folder:photos",
            "source",
        )
    if name in PATH_SOURCES:
        argument = _absolute(name, argument)
    groups = spec.groups or ""
    return name, Request(argument, spec.image_size, spec.color, spec.unreadable, groups)


def no_argument(name: str, request: Request) -> None:
    """Raise DataError if something follows the colon of a source that takes nothing."""
    if request.argument:
        raise DataError(
            f"source {name!r} takes nothing after a colon, but got {request.argument!r}; "
            f'write source = "{name}"',
            "source",
        )


def _absolute(name: str, path: str) -> str:
    if not path:
        raise DataError(f'source {name!r} needs a path; write source = "{name}:PATH"', "source")
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111 - Path.absolute keeps ".."
