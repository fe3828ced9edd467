"""The line of every key in a TOML document, which Python's TOML reader does not tell.

Only for documents that `tomllib` accepts: the scanner takes their syntax for granted.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from typing import NoReturn

KeyPath = tuple[str | int, ...]
"""Keys from the top down; numbers index arrays, those of `[[tables]]` too."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    # Up to two quotes may stand before the three that close a multi-line string.
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]+")


def locate(text: str) -> Mapping[KeyPath, int]:
    """Lines, counted from 1, of all keys, tables and array elements of a valid document.

    A key stands where its own name does, an element where it begins, and a table that is only
    implied (`a` of `[a.b]`) where it is first mentioned.
    """
    return _Scanner(text.replace("\r\n", "\n")).document()


class _Scanner:
    """A position in the text and the lines found so far."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}

    def document(self) -> Mapping[KeyPath, int]:
        table: KeyPath = ()
        while not self._skip_to_end():
            if self._sees("["):
                table = self._header()
            else:
                self._assignment(table)
        return self._lines

    def _header(self) -> KeyPath:
        """`[a.b]` or `[[a.b]]`; the path of the table, with the indices of the arrays above it."""
        array = self._text.startswith("[[", self._at)
        self._at += 2 if array else 1
        keys = self._key()
        self._at += 2 if array else 1
        path: KeyPath = ()
        for depth, (key, line) in enumerate(keys, start=1):
            path = (*path, key)
            self._lines.setdefault(path, line)
            if array and depth == len(keys):
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
                self._lines.setdefault(path, line)
        return path

    def _assignment(self, table: KeyPath) -> None:
        path = table
        for key, line in self._key():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._match(_SPACE)
        self._at += 1  # the equals sign
        self._match(_SPACE)
        self._value(path)

    def _key(self) -> list[tuple[str, int]]:
        """The parts of a dotted key with their lines."""
        parts = []
        while True:
            self._match(_SPACE)
            line = bisect_right(self._starts, self._at)
            if self._text[self._at] in "\"'":
                raw = self._match(_STRING)
                parts.append((str(tomllib.loads(f"key = {raw}")["key"]), line))
            else:
                parts.append((self._match(_BARE_KEY), line))
            self._match(_SPACE)
            if not self._sees("."):
                return parts
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        if self._sees("["):
            self._array(path)
        elif self._sees("{"):
            self._inline_table(path)
        else:
            self._match(_STRING if self._text[self._at] in "\"'" else _SCALAR)

    def _array(self, path: KeyPath) -> None:
        index = 0
        while not self._closes("]"):
            self._lines[(*path, index)] = bisect_right(self._starts, self._at)
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: KeyPath) -> None:
        while not self._closes("}"):
            self._assignment(path)

    def _closes(self, bracket: str) -> bool:
        """Step over the opening bracket or a comma, and over the closing bracket if it follows."""
        self._match(_BLANK)
        if not self._sees(bracket):
            self._at += 1
            self._match(_BLANK)
        if self._sees(bracket):
            self._at += 1
            return True
        return False

    def _skip_to_end(self) -> bool:
        self._match(_BLANK)
        return self._at >= len(self._text)

    def _sees(self, character: str) -> bool:
        return self._text.startswith(character, self._at)

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            self._stuck()
        self._at = match.end()
        return match.group()

    def _stuck(self) -> NoReturn:
        line = bisect_right(self._starts, self._at)
        raise AssertionError(f"line {line} is not TOML; tomllib should have refused it")
