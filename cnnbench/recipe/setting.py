"""A value of a recipe together with where it was written, and how values are merged.

A layer of a recipe (a parent's sections, a variant, the command line) is a flat mapping from key
path to setting. Later layers win key by key; lists are values as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnnbench.errors import Problem
from cnnbench.recipe.lines import KeyPath

Key = tuple[str, ...]
"""`training.early_stopping.patience` in parts."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value, not a table, unless an empty one.

    file: as shown to the user; "--set KEY=VALUE" for an override. folder: what relative paths in
    the value are relative to. lines: of each part of the key, None on the command line.
    inner: lines of the elements of a list, by their path inside it. variant: the `[[variant]]`
    entry that it stands in, "" outside.
    """

    value: Any
    file: str
    folder: Path
    lines: tuple[int | None, ...]
    inner: Mapping[KeyPath, int] = field(default_factory=dict)
    variant: str = ""

    @property
    def overrides(self) -> bool:
        """Whether it comes from the command line."""
        return self.lines[-1] is None

    def line(self, depth: int | None = None, inside: KeyPath = ()) -> int | None:
        """The line of a part of the key, or of the value, or of an element inside it."""
        if depth is not None:
            return self.lines[depth]
        for end in range(len(inside), -1, -1):
            if inside[:end] in self.inner:
                return self.inner[inside[:end]]
        return self.lines[-1]

    def problem(
        self, key: str, message: str, *, depth: int | None = None, inside: KeyPath = ()
    ) -> Problem:
        """A problem at this place; one in a variant names it."""
        if self.variant:
            message = f"variant {self.variant!r}: {message}"
        return Problem(key, message, self.file, self.line(depth, inside))


Settings = Mapping[Key, Setting]


def merge(*layers: Settings) -> dict[Key, Setting]:
    """The layers' settings, a later layer's in place of an earlier one's."""
    tables: dict[str, Any] = {}
    for layer in layers:
        for key, setting in layer.items():
            table = tables
            for part in key[:-1]:
                if not isinstance(table.get(part), dict):
                    table[part] = {}
                table = table[part]
            if setting.value != {} or not isinstance(table.get(key[-1]), dict):
                table[key[-1]] = setting  # an empty table adds nothing to one with keys
    return dict(flatten(tables))


def nest(settings: Settings) -> dict[str, Any]:
    """The settings as nested tables, as TOML would give them."""
    tables: dict[str, Any] = {}
    for key, setting in settings.items():
        table = tables
        for part in key[:-1]:
            table = table.setdefault(part, {})
        table[key[-1]] = setting.value
    return tables


def flatten(table: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Every value with its key path; an empty table counts as a value."""
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, (*above, name))
        else:
            yield (*above, name), value


def dotted(key: KeyPath) -> str:
    """A key as people write it."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
