"""Names of classes: their order, and whether a choice of them makes sense."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from cnnbench.errors import DataError, did_you_mean

LEAST_CLASSES = 2
LISTED = 20
"""How many names a message lists."""


def composed(name: str) -> str:
    """A name as keyboards type it: macOS stores an accented letter as two characters (NFD)."""
    return unicodedata.normalize("NFC", name)


def sort_classes(names: Collection[str]) -> tuple[str, ...]:
    """By number if every name is a whole number, else by name."""
    try:
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    except ValueError:
        return tuple(sorted(names))


def check_classes(available: Sequence[str], chosen: Sequence[str] | None) -> None:
    """Raise DataError for a class that is unknown or named twice, or for fewer than two classes."""
    if chosen is None:
        chosen = available
    for name in chosen:
        if name not in available:
            raise DataError(_unknown(name, available), "classes")
    twice = sorted({name for name in chosen if list(chosen).count(name) > 1})
    if twice:
        raise DataError(f"class {twice[0]!r} is named more than once", "classes")
    if len(chosen) < LEAST_CLASSES:
        names = ", ".join(repr(name) for name in chosen) or "none"
        raise DataError(
            f"at least two classes are needed to tell apart, but got {names}", "classes"
        )


def _unknown(name: str, available: Sequence[str]) -> str:
    unknown = f"the source has no class {name!r}"
    if near := did_you_mean(name, available):
        return unknown + near
    listed = ", ".join(available[:LISTED]) + (", ..." if len(available) > LISTED else "")
    return f"{unknown}; it has {listed}"
