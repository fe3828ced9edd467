"""The `[matrix]` of a recipe: every combination of the listed values is a variant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

from cnnbench.errors import Problem
from cnnbench.recipe.setting import Key, Setting, Settings, dotted, flatten

MOST = 1000
"""Variants of a recipe; nobody reads a table of more, and each trains several times."""


def combinations(
    matrix: Settings, times: int = 1
) -> tuple[list[tuple[str, dict[Key, Setting]]], list[Problem]]:
    """Name and settings of every combination, the first key varying slowest, and problems.

    times: how often each is used; of more than MOST variants only the first combination is made.
    """
    problems: list[Problem] = []
    axes = []
    for key, setting in matrix.items():
        wrong = _wrong(key, setting)
        if wrong:
            problems.append(setting.problem(f"matrix.{dotted(key)}", wrong))
        else:
            axes.append([_choice(key, setting, index) for index in range(len(setting.value))])
    variants = times * math.prod(map(len, axes))
    if variants > MOST:
        place = next(iter(matrix.values()))
        message = f"makes {variants:,} variants, more than {MOST:,}: list fewer values"
        problems.append(place.problem("matrix", message))
        axes = [axis[:1] for axis in axes]
    combined = []
    for choices in product(*axes):
        settings: dict[Key, Setting] = {}
        for _, part in choices:
            settings |= part
        combined.append(("-".join(name for name, _ in choices), settings))
    return combined, problems


def value_name(name: str, value: Any) -> str:
    """What a value adds to the variant's name: text speaks for itself, the rest needs its key."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "-".join(value_name(key, item) for key, item in value.items()) or f"no {name}"
    return f"{name}={_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return str(value.get("type", "table"))
    return "x".join(map(_plain, value)) if isinstance(value, list) else str(value)


def _wrong(key: Key, setting: Setting) -> str:
    if not isinstance(setting.value, list):
        return f"expected a list of values to try, e.g. {key[-1]} = [...]"
    if not setting.value:
        return "the list is empty: give at least one value"
    names = [value_name(key[-1], value) for value in setting.value]
    twice = next((name for index, name in enumerate(names) if name in names[:index]), None)
    return f"{twice} is listed twice" if twice else ""


def _choice(key: Key, setting: Setting, index: int) -> tuple[str, dict[Key, Setting]]:
    """The name of one listed value and its settings; a table makes one for each of its keys."""
    value = setting.value[index]
    inner = {path[1:]: line for path, line in setting.inner.items() if path[0] == index}
    if not isinstance(value, dict) or not value:
        chosen = {key: _setting(value, setting, setting.lines, inner)}
    else:
        chosen = {}
        for path, item in flatten(value):
            below = {k[len(path) :]: v for k, v in inner.items() if k[: len(path)] == path}
            lines = [inner.get(path[:end], setting.lines[-1]) for end in range(1, len(path) + 1)]
            chosen[*key, *path] = _setting(item, setting, (*setting.lines, *lines), below)
    return value_name(key[-1], value), chosen


def _setting(
    value: Any, axis: Setting, lines: tuple[int | None, ...], inner: Mapping[Any, int]
) -> Setting:
    return Setting(value, axis.file, axis.folder, lines, inner)
