"""Choosing some classes of a source."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cnnbench.data.cache import CachedImages
from cnnbench.errors import DataError

LEAST_CLASSES = 2
LISTED = 20
"""How many names a message lists."""


def select_classes(cached: CachedImages, classes: Sequence[str] | None) -> CachedImages:
    """The same images with labels that are indices into these classes, in the order given.

    Rows stay where they are and no pixel is copied: an image of another class has the label -1.
    Raises DataError as `check_classes` does.
    """
    if classes is None:
        return cached
    check_classes(cached.classes, classes)
    new_label = np.full(len(cached.classes), -1, np.int32)
    new_label[[cached.classes.index(name) for name in classes]] = np.arange(len(classes))
    return replace(cached, labels=new_label[cached.labels], classes=tuple(classes))


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
    folded = {other.casefold(): other for other in available}
    nearest = difflib.get_close_matches(name.casefold(), folded, n=1)
    if nearest:
        return f"the source has no class {name!r}; did you mean {folded[nearest[0]]!r}?"
    listed = ", ".join(available[:LISTED]) + (", ..." if len(available) > LISTED else "")
    return f"the source has no class {name!r}; it has {listed}"
