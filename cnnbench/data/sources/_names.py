"""Names of files and folders as they are shown, compared and listed."""

from __future__ import annotations

import os
from collections.abc import Sequence

NAMED = 3
"""How many names a message lists."""


def printable(name: str) -> str:
    """A name with its bytes that are not UTF-8 as escapes: it can be opened, but not printed."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(map(printable, names[:NAMED])) + more
