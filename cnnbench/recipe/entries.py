"""The `[[variant]]` entries of a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cnnbench.errors import Problem
from cnnbench.recipe.document import Document
from cnnbench.recipe.explain import unknown_key
from cnnbench.recipe.file import SECTIONS, Reported, VariantEntry
from cnnbench.recipe.lines import KeyPath
from cnnbench.recipe.setting import Setting, Settings
from cnnbench.recipe.validate import validate
from cnnbench.recipe.words import kind_of


@dataclass(frozen=True, slots=True)
class Entry:
    """A variant: what it changes, and the place it was made at, None for the default one.

    published: what others reported of it.
    """

    name: str
    description: str
    settings: Settings
    place: Setting | None = None
    published: Reported | None = None


def read_entries(document: Document, tables: object) -> tuple[dict[str, Entry], list[Problem]]:
    """The entries by name, in order, and what is wrong with them apart from their values."""
    if not isinstance(tables, list):
        message = "a variant begins with [[variant]], in double brackets"
        return {}, [document.problem(("variant",), "variant", message)]
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    for index, table in enumerate(tables):
        at: KeyPath = ("variant", index)
        if not isinstance(table, dict):
            message = f"got {kind_of(table)}, expected a table: [[variant]]"
            problems.append(document.problem(at, "variant", message))
            continue
        entry, found = _read_entry(document, at, table)
        problems += found
        if entry.name in entries:
            message = f"there is already a variant {entry.name!r} in this recipe: names are unique"
            problems.append(document.problem((*at, "name"), "variant.name", message))
        else:
            entries[entry.name] = entry
    return entries, problems


def _read_entry(
    document: Document, at: KeyPath, table: Mapping[str, Any]
) -> tuple[Entry, list[Problem]]:
    about = {key: value for key, value in table.items() if key in VariantEntry.model_fields}
    checked = validate(VariantEntry, document.settings(about, at))
    problems = [
        replace(
            problem,
            key=f"variant.{problem.key}",
            file=document.file,
            line=problem.line or document.lines[at],
        )
        for problem in checked.problems
    ]
    valid = checked.value
    name = valid.name if valid else str(about.get("name") or at[-1])
    problems += _unknown_keys(document, at, table, name)
    sections = {key: value for key, value in table.items() if key in SECTIONS}
    place = Setting(name, document.file, document.folder, (_line(document, at),), variant=name)
    settings = document.settings(sections, at, name)
    if valid is None:
        return Entry(name, "", settings, place), problems
    return Entry(name, valid.description, settings, place, valid.published), problems


def _unknown_keys(
    document: Document, at: KeyPath, table: Mapping[str, Any], name: str
) -> Iterator[Problem]:
    allowed = [*VariantEntry.model_fields, *SECTIONS]
    for key in table:
        if key not in allowed:
            message = f"variant {name!r}: {unknown_key(key, allowed)}"
            yield document.problem((*at, key), key, message)


def _line(document: Document, at: KeyPath) -> int:
    """Of the entry's name, else of the entry."""
    return document.lines.get((*at, "name"), document.lines[at])
