"""Text of others, fit for a terminal."""

from __future__ import annotations

import re

# All that can move the cursor, change colours or turn the direction of writing; lines and tabs may.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""The text with control characters written out, "\x1b" for the one that begins a command.

    Names and reasons come from files that anybody may have written.
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def json_printable(text: str) -> str:
    """JSON that says the same without control characters."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
