"""Names of files and folders as they are shown, compared and listed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

NAMED = 3
"""How many names a message lists."""

_CONTROL = re.compile(r"[\u0000-\u001f\u007f-\u009f\u2028\u2029]")


def printable(name: str) -> str:
    """A name on one line, with its bytes that are not UTF-8 and control characters as escapes."""
    if name.isascii() and name.isprintable():
        return name
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(map(printable, names[:NAMED])) + more
