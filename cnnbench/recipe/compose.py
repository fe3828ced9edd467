"""From documents and overrides to the settings of every variant, before any value is judged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cnnbench.errors import Problem
from cnnbench.recipe.bases import add_bases, change_base
from cnnbench.recipe.document import Document
from cnnbench.recipe.entries import Entry, read_entries
from cnnbench.recipe.explain import unknown_key
from cnnbench.recipe.file import PRETRAIN, SECTIONS, STRUCTURE, Header, table_beside
from cnnbench.recipe.matrix import MOST, combinations
from cnnbench.recipe.setting import Key, Setting, Settings, dotted, merge
from cnnbench.recipe.texts import is_name
from cnnbench.recipe.words import kind_of, show

DEFAULT = "default"
"""The name of the variant of a recipe without variants and matrix."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A recipe before validation. base: the sections without variants and overrides.

    pretrain: the bases that the study trains, with what the command line says of them.
    """

    header: Settings
    base: Settings
    entries: tuple[Entry, ...]
    overrides: Settings
    pretrain: tuple[Entry, ...] = ()

    def settings_of(self, entry: Entry) -> dict[Key, Setting]:
        """What counts for a variant: the command line beats the variant, the variant the base."""
        return merge(self.base, entry.settings, self.overrides)


@dataclass(slots=True)
class _Parts:
    """What the documents and the command line say, sorted by what it is for."""

    header: dict[Key, Setting] = field(default_factory=dict)
    base: dict[Key, Setting] = field(default_factory=dict)
    matrix: dict[Key, Setting] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    pretrain: dict[str, Entry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def compose(documents: Sequence[Document], overrides: Settings) -> tuple[Draft, list[Problem]]:
    """Merge a chain of documents, ancestors first, and apply what the command line says.

    Sections and matrix merge key by key; a variant replaces the ancestor's of the same name, in
    its place.
    """
    parts = _Parts()
    for document in documents:
        _add_document(parts, document)
    over = _sort_overrides(parts, overrides)
    entries = tuple(_multiply(parts, over))
    pretrain = tuple(parts.pretrain.values())
    return Draft(parts.header, parts.base, entries, over, pretrain), parts.problems


def _add_document(parts: _Parts, document: Document) -> None:
    sections: dict[str, Any] = {}
    for name, value in document.table.items():
        if name in Header.model_fields:
            settings: Settings = {(name,): document.setting(value, (), (name,))}
            if isinstance(value, dict) and table_beside(Header.model_fields[name]):
                settings = document.settings({name: value})
            parts.header = merge(parts.header, settings)
        elif name in SECTIONS:
            sections[name] = value
        elif name == "matrix":
            _add_matrix(parts, document, value)
        elif name == "variant":
            entries, problems = read_entries(document, value)
            parts.entries |= entries
            parts.problems += problems
        elif name == PRETRAIN:
            parts.problems += add_bases(parts.pretrain, document, value)
        elif name != "extends":
            message = unknown_key(name, [*Header.model_fields, *STRUCTURE, *SECTIONS])
            parts.problems.append(document.problem((name,), name, message))
    parts.base = merge(parts.base, document.settings(sections))


def _add_matrix(parts: _Parts, document: Document, value: object) -> None:
    if not isinstance(value, dict):
        message = f"got {kind_of(value)}, expected a section: [matrix]"
        parts.problems.append(document.problem(("matrix",), "matrix", message))
        return
    matrix = document.settings(value, ("matrix",))
    parts.matrix = merge(parts.matrix, dict(map(_undot, matrix.items())))


def _undot(item: tuple[Key, Setting]) -> tuple[Key, Setting]:
    """`"network.padding"` in quotes means the same as without."""
    key, setting = item
    split = [
        (part, line)
        for name, line in zip(key, setting.lines, strict=True)
        for part in name.split(".")
    ]
    lines = tuple(line for _, line in split)
    return tuple(part for part, _ in split), replace(setting, lines=lines)


def _sort_overrides(parts: _Parts, overrides: Settings) -> dict[Key, Setting]:
    """Put what concerns header and matrix where it belongs; the rest changes sections."""
    over: dict[Key, Setting] = {}
    for key, setting in overrides.items():
        if key[0] in Header.model_fields:
            inside = len(key) > 1 and not table_beside(Header.model_fields[key[0]])
            if inside:
                message = "is a single value, not a table"
                parts.problems.append(setting.problem(dotted(key), message))
            parts.header = merge(parts.header, {key[:1] if inside else key: setting})
        elif key[0] == "matrix" and len(key) > 1:
            axis = replace(setting, lines=setting.lines[1:])
            parts.matrix = merge(parts.matrix, {key[1:]: axis})
        elif key[0] in SECTIONS:
            over[key] = setting
        elif key[0] == PRETRAIN:
            parts.problems += change_base(parts.pretrain, key, setting)
        else:
            allowed = [*Header.model_fields, "matrix", *SECTIONS]
            message = (
                "can't be set on the command line"
                if key[0] in STRUCTURE
                else unknown_key(key[0], allowed)
            )
            parts.problems.append(setting.problem(dotted(key), message))
    return over


def _multiply(parts: _Parts, overrides: Settings) -> list[Entry]:
    """The variants, each with every combination of the matrix."""
    entries = list(parts.entries.values())
    if len(entries) > MOST:
        message = f"{len(entries):,} [[variant]] entries are more than {MOST:,}: leave some out"
        place = entries[MOST].place
        assert place is not None, "an entry of a document has a place"
        parts.problems.append(replace(place, variant="").problem("variant", message))
        entries = entries[: 1 if parts.matrix else MOST]
    if not parts.matrix:
        return entries or [Entry(DEFAULT, "", {})]
    for key, setting in overrides.items():
        if key in parts.matrix:
            parts.matrix[key] = replace(setting, value=[setting.value])
    combined, problems = combinations(parts.matrix, len(entries) or 1)
    parts.problems += problems
    place = next(iter(parts.matrix.values()))
    made: dict[str, Entry] = {}
    unfit = ""
    for entry in entries or [Entry("", "", {}, place)]:
        for key in [key for key in entry.settings if key in parts.matrix]:
            message = f"[matrix] varies {dotted(key)} too: set it in one of the two places"
            parts.problems.append(entry.settings[key].problem(dotted(key), message))
        for combination, settings in combined:
            name = _combined(entry.name, combination)
            if name in made:
                message = f"two combinations would be called {name!r}: rename a variant"
                parts.problems.append(place.problem("matrix", message))
            merged = _of_combination(merge(entry.settings, settings), combination, parts.entries)
            unfit = unfit or ("" if is_name(name) else name)
            made[name] = Entry(name, entry.description, merged, entry.place)
    if unfit:
        message = (
            f"{show(unfit)} can't be a variant's name: in place of the matrix write [[variant]] "
            "entries with names"
        )
        parts.problems.append(place.problem("matrix", message))
    return list(made.values())


def _of_combination(
    settings: Settings, combination: str, entries: Collection[str]
) -> dict[Key, Setting]:
    """The same, but that an ensemble of entries is of their variants of this combination."""
    of = settings.get(("ensemble", "of"))
    if of is None or not isinstance(of.value, list):
        return {**settings}
    whole = {name: _combined(name, combination) for name in entries}
    value = [whole.get(x, x) if isinstance(x, str) else x for x in of.value]
    return {**settings, ("ensemble", "of"): replace(of, value=value)}


def _combined(entry: str, combination: str) -> str:
    return "-".join(filter(None, (entry, combination)))
