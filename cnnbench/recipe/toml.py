"""Reading TOML that anybody may have written: within limits that no recipe comes near."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from cnnbench.recipe.lines import KeyPath

DEEPEST = 32
"""Tables and lists within each other; a recipe has about eight."""
LARGEST = 2**63 - 1
"""TOML's whole numbers have 64 bits, though Python reads longer ones."""

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*"""
# The look-behind keeps the search linear: no name is tried from its middle.
_LONG_KEY = re.compile(rf"""(?<![\w"'-])(?:{_PART}){{{DEEPEST}}}""")


class UnfitError(ValueError):
    """Valid TOML that no recipe can be. path: where it lies, empty if that is not known."""

    def __init__(self, message: str, path: KeyPath = ()) -> None:
        super().__init__(message)
        self.path = path


def parse(text: str) -> dict[str, Any]:
    """The document as nested tables. Raises UnfitError, and ValueError for what is not TOML."""
    too_deep = f"lists or tables are nested too deeply, more than {DEEPEST} levels"
    if _LONG_KEY.search(text):  # of which tomllib would make tables in a time that grows squared
        raise UnfitError(too_deep)
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise UnfitError(too_deep) from None
    refuse_unfit(table)
    return table


def refuse_unfit(value: Any) -> None:
    """Raise UnfitError for a value that is nested too deeply or holds too large a number."""
    waiting: list[tuple[KeyPath, Any]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        if len(path) > DEEPEST:
            raise UnfitError(f"nested too deeply, more than {DEEPEST} levels", path[:1])
        match item:
            case Mapping():
                waiting += [((*path, str(key)), below) for key, below in item.items()]
            case list() | tuple():
                waiting += [((*path, index), below) for index, below in enumerate(item)]
            case int() if not -LARGEST - 1 <= item <= LARGEST:
                raise UnfitError(f"a whole number beyond TOML's largest, {LARGEST:,}", path)
