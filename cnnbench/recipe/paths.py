"""Paths that stand where a source is expected."""

from __future__ import annotations

import os


def is_there(path: str) -> bool:
    """Whether a path leads to images: a folder, or a NumPy archive. ~ is the home folder."""
    path = os.path.expanduser(path)  # noqa: PTH111 - Path's raises for unknown users
    if not path.endswith(".npz"):
        return bool(path) and os.path.isdir(path)  # noqa: PTH112 - Path's raises for long names
    return os.path.exists(path)  # noqa: PTH110 - as above


def reader_of(path: str) -> str:
    """The source that reads it."""
    return "npz" if path.endswith(".npz") else "folder"
