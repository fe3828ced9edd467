"""What titles, descriptions and names may hold: they end up in tables, files and terminals."""

from __future__ import annotations

import re

from cnnbench.network.layers import LAYER_NAME

_CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
ONE_LINE = f"^[^{_CONTROL}]*$"
SEVERAL_LINES = "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]*$"
NAME = rf"^[^\s=+@{_CONTROL}\-]([^{_CONTROL}]*[^\s{_CONTROL}])?$"
PATTERNS = {
    ONE_LINE: "on one line, without control characters",
    SEVERAL_LINES: "without control characters",
    LAYER_NAME: "of letters, digits, - and _, beginning with a letter or digit",
    # A spreadsheet would run what begins otherwise.
    NAME: "on one line, not empty, without space around it, not beginning with =, +, - or @",
}
"""What the patterns of the fields below ask for, in words."""
LONGEST_NAME = 200
"""Characters of a variant's name."""


def is_name(text: str) -> bool:
    """Whether a variant can be called so."""
    return len(text) <= LONGEST_NAME and re.fullmatch(NAME, text) is not None
