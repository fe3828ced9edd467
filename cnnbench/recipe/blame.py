"""From what is wrong with variants to problems at the most telling places."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cnnbench.data.sources.requests import is_there, reader_of
from cnnbench.data.sources.source import Facts
from cnnbench.errors import PluginError, Problem, meant
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.entries import Entry
from cnnbench.recipe.setting import Key, Setting, Settings, dotted

LISTED = 12
"""How many classes a hint lists."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A variant whose values are valid, each by itself."""

    entry: Entry
    settings: Settings
    configuration: Configuration


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one variant; key: to blame, a section's dotted key."""

    candidate: Candidate
    key: Key
    message: str

    @property
    def own(self) -> Setting | None:
        """The setting to blame, if the variant itself or the command line makes it."""
        setting = _find(self.candidate.settings, self.key)
        if setting and setting.overrides:
            return setting
        return _find(self.candidate.entry.settings, self.key)

    @property
    def mistake(self) -> tuple[object, ...]:
        """Equal for complaints about the same mistake."""
        return (self.key, self.message, *((self.own.file, self.own.line()) if self.own else ()))


def _find(settings: Settings, key: Key) -> Setting | None:
    """The setting of a key, or the first below it."""
    return next((setting for other, setting in settings.items() if other[: len(key)] == key), None)


def problem_of(group: Sequence[Complaint], variants: int, file: str) -> Problem:
    """One problem at the most telling place: the key to blame, else one of the same section."""
    first = group[0]
    key, message, entry = dotted(first.key), first.message, first.candidate.entry
    if len(group) == variants:
        settings = first.candidate.settings
        place = _find(settings, first.key) or _find(settings, first.key[:1])
    else:
        place = first.own or _find(entry.settings, first.key[:1]) or entry.place
        own_name = place.variant if place else ""
        others = "" if own_name else _and_more(len(group) - 1)
        message = f"variant {(own_name or entry.name)!r}{others}: {message}"
    if place is None:
        return Problem(key, message, file)
    return Problem(key, message, place.file, place.line())


def _and_more(count: int) -> str:
    return f" (and {count} more)" if count else ""


def path_hint(settings: Settings) -> str:
    """Which source reads the folder or archive that stands in place of a source's name, else ""."""
    setting = settings["data", "source"]
    there = is_there(os.path.join(setting.folder, os.path.expanduser(setting.value)))  # noqa: PTH111, PTH118 - Path's raises for unknown users
    return meant([f"{reader_of(setting.value)}:{setting.value}"] if there else [])


def unknown_source(settings: Settings, error: PluginError) -> str:
    """That there is no such source; of the command line, which takes a path, no such path either.

    With what was meant by a path that there is.
    """
    setting = settings["data", "source"]
    name, colon, _ = str(setting.value).partition(":")
    hint = path_hint(settings)
    if setting.overrides and not colon and not hint:
        return f"no folder or file is called {name!r}, and {error}"
    return f"{error}{hint}"


def other_images_hint(settings: Settings) -> str:
    """How to give images in place of the recipe's folder, which is not there, else ""."""
    setting = settings["data", "source"]
    name, _, path = str(setting.value).partition(":")
    if setting.overrides or os.path.exists(path):  # noqa: PTH110 - as above
        return ""
    yours = {"folder": "PATH", "signals": "signals:PATH"}
    return f"; give yours with --data {yours[name]}" if name in yours else ""


def hint_for(settings: Settings, key: Key, facts: Facts) -> str:
    """How to make a recipe fit other images than it was written for, else ""."""
    source, blamed = settings["data", "source"], settings.get(key)
    if not source.overrides or (blamed and blamed.overrides):
        return ""
    match key:
        case ("data", "classes") if blamed:
            names = json.dumps(list(facts.classes[:LISTED]), ensure_ascii=False)
            change = f"give --set 'data.classes={names}'"
        case ("data", "train" | "validation" | "test"):
            change = f"give --set {dotted(key)}=NUMBER, or a fraction below 1"
        case ("network", "kernel" | "pool") if not facts.signals:
            change = "to read these larger give --set 'data.image_size=[HEIGHT, WIDTH]'"
        case _:
            return ""
    return f"; the recipe was written for other images: {change}"
