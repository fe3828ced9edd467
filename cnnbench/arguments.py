"""Arguments of the Python interface: one of a wrong kind is told with what is expected."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from reprlib import repr as short
from typing import Any

from cnnbench.errors import OptionsError


def a_path(name: str, value: Any) -> Path:
    """A path or its text."""
    if isinstance(value, str | os.PathLike) and isinstance(text := os.fspath(value), str):
        return Path(text)
    raise _wrong(name, value, "a path")


def paths(name: str, value: Any) -> list[Path]:
    """A path, or several in a list."""
    if isinstance(value, str | os.PathLike) or not isinstance(value, Iterable):
        return [a_path(name, value)]
    return [a_path(name, item) for item in value]


def names(name: str, value: Any) -> list[str]:
    """Text, or several in a list; None is none."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [a_text(name, item) for item in value]
    raise _wrong(name, value, "text, or a list of texts")


def a_text(name: str, value: Any) -> str:
    """Text, nothing else."""
    if not isinstance(value, str):
        raise _wrong(name, value, "text")
    return value


def a_source(name: str, value: Any) -> str | Path | None:
    """A data source's text or a path; None is none."""
    if value is None or isinstance(value, str):
        return value
    return a_path(name, value)


def a_mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Values by dotted key; None is none."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong(name, value, 'keys and values, e.g. {"training.epochs": 3}')
    return value


def a_listener(name: str, value: Any) -> bool | Callable[[Any], None] | None:
    """True, False, something to call, or None."""
    if value is None or isinstance(value, bool) or callable(value):
        found: bool | Callable[[Any], None] | None = value
        return found
    raise _wrong(name, value, "True, False, or a function that hears events")


def _wrong(name: str, value: Any, expected: str) -> OptionsError:
    return OptionsError(f"{name} is {short(value)}, expected {expected}")
