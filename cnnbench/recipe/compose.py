"""From documents and overrides to the settings of every variant, before any value is judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cnnbench.errors import Problem
from cnnbench.recipe.document import Document
from cnnbench.recipe.file import SECTIONS, STRUCTURE, Header, VariantEntry, places
from cnnbench.recipe.lines import KeyPath
from cnnbench.recipe.matrix import combinations
from cnnbench.recipe.setting import Key, Setting, Settings, dotted, merge
from cnnbench.recipe.validate import validate
from cnnbench.recipe.words import kind_of, nearest

DEFAULT = "default"
"""The name of the variant of a recipe without variants and matrix."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A variant: what it changes, and the place it was made at, None for the default one."""

    name: str
    description: str
    settings: Settings
    place: Setting | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A recipe before validation. base: the sections without variants and overrides."""

    header: Settings
    base: Settings
    entries: tuple[Entry, ...]
    overrides: Settings

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
    return Draft(parts.header, parts.base, entries, over), parts.problems


def _add_document(parts: _Parts, document: Document) -> None:
    base: dict[Key, Setting] = {}
    for name, value in document.table.items():
        if name in Header.model_fields:
            parts.header[name,] = document.setting(value, (), (name,))
        elif name in SECTIONS:
            base |= document.settings({name: value})
        elif name == "matrix" and isinstance(value, dict):
            matrix = document.settings(value, ("matrix",))
            parts.matrix = merge(parts.matrix, dict(map(_undot, matrix.items())))
        elif name == "variant" and isinstance(value, list):
            _add_variants(parts, document, value)
        elif name == "matrix":
            message = f"got {kind_of(value)}, expected a section: [matrix]"
            parts.problems.append(document.problem((name,), name, message))
        elif name == "variant":
            message = "a variant begins with [[variant]], in double brackets"
            parts.problems.append(document.problem((name,), name, message))
        elif name != "extends":
            message = _unknown(name, [*Header.model_fields, *STRUCTURE, *SECTIONS])
            parts.problems.append(document.problem((name,), name, message))
    parts.base = merge(parts.base, base)


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


def _add_variants(parts: _Parts, document: Document, entries: list[object]) -> None:
    own: set[str] = set()
    for index, table in enumerate(entries):
        at: KeyPath = ("variant", index)
        if not isinstance(table, dict):
            message = f"got {kind_of(table)}, expected a table: [[variant]]"
            parts.problems.append(document.problem(at, "variant", message))
            continue
        about = {k: v for k, v in table.items() if k in VariantEntry.model_fields}
        checked = validate(VariantEntry, document.settings(about, at))
        for problem in checked.problems:
            line = problem.line or document.lines[at]
            parts.problems.append(
                Problem(f"variant.{problem.key}", problem.message, document.file, line)
            )
        name = checked.value.name if checked.value else str(about.get("name") or index + 1)
        if name in own:
            message = f"there is already a variant {name!r} in this recipe: names are unique"
            parts.problems.append(document.problem((*at, "name"), "variant.name", message))
            continue
        own.add(name)
        sections = {}
        for key, value in table.items():
            if key in SECTIONS:
                sections[key] = value
            elif key not in about:
                message = f"variant {name!r}: " + _unknown(
                    key, [*VariantEntry.model_fields, *SECTIONS]
                )
                parts.problems.append(document.problem((*at, key), key, message))
        settings = document.settings(sections, at, name)
        above: KeyPath = at if "name" in table else at[:1]
        below: KeyPath = ("name",) if "name" in table else at[1:]
        place = document.setting(name, above, below, variant=name)
        description = checked.value.description if checked.value else ""
        parts.entries[name] = Entry(name, description, settings, place)


def _sort_overrides(parts: _Parts, overrides: Settings) -> dict[Key, Setting]:
    """Put what concerns header and matrix where it belongs; the rest changes sections."""
    over: dict[Key, Setting] = {}
    for key, setting in overrides.items():
        if key[0] in Header.model_fields:
            if len(key) > 1:
                message = "is a single value, not a table"
                parts.problems.append(setting.problem(dotted(key), message))
            parts.header[key[:1]] = setting
        elif key[0] == "matrix" and len(key) > 1:
            axis = replace(setting, lines=setting.lines[1:])
            parts.matrix = merge(parts.matrix, {key[1:]: axis})
        elif key[0] in SECTIONS:
            over[key] = setting
        else:
            allowed = [*Header.model_fields, "matrix", *SECTIONS]
            message = (
                "can't be set on the command line"
                if key[0] in STRUCTURE
                else _unknown(key[0], allowed)
            )
            parts.problems.append(setting.problem(dotted(key), message))
    return over


def _multiply(parts: _Parts, overrides: Settings) -> Iterator[Entry]:
    """The variants, each with every combination of the matrix."""
    entries = list(parts.entries.values())
    if not parts.matrix:
        yield from entries or [Entry(DEFAULT, "", {})]
        return
    for key, setting in overrides.items():
        if key in parts.matrix:
            parts.matrix[key] = replace(setting, value=[setting.value])
    combined, problems = combinations(parts.matrix)
    parts.problems += problems
    place = next(iter(parts.matrix.values()))
    for entry in entries or [Entry("", "", {}, place)]:
        for key in [key for key in entry.settings if key in parts.matrix]:
            message = f"[matrix] varies {dotted(key)} too: set it in one of the two places"
            parts.problems.append(entry.settings[key].problem(dotted(key), message))
        for name, settings in combined:
            yield Entry(
                "-".join(filter(None, (entry.name, name))),
                entry.description,
                merge(entry.settings, settings),
                entry.place,
            )


def _unknown(name: str, allowed: Sequence[str]) -> str:
    elsewhere = places(name)
    near = nearest(name, allowed)
    listed = f"allowed: {', '.join(allowed)}"
    if elsewhere and near is None:
        return f"unknown key; did you mean {' or '.join(elsewhere)}? {listed}"
    return f"unknown key; did you mean {near}? {listed}" if near else f"unknown key; {listed}"
