"""What is changed in a recipe for one run: `--set KEY=VALUE`, or Python's values."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnnbench.errors import Problem
from cnnbench.recipe.setting import Key, Setting, flatten
from cnnbench.recipe.toml import UnfitError, parse, refuse_unfit

Overrides = Sequence[str] | Mapping[str, Any]
"""As typed after --set, "training.epochs=3", or in Python, {"training.epochs": 3}."""


def read_overrides(overrides: Overrides) -> tuple[dict[Key, Setting], list[Problem]]:
    """The settings that are made, and what is wrong with them; the last of a key counts."""
    settings: dict[Key, Setting] = {}
    problems: list[Problem] = []
    read: Callable[[Any], Any]
    if isinstance(overrides, Mapping):
        read = _plain
        given = [("overrides", str(name), value) for name, value in overrides.items()]
        wrong_key = 'expected a dotted key, e.g. {"training.epochs": 3}'
    else:
        read = _typed
        given = [(f"--set {text}", *text.partition("=")[::2]) for text in overrides]
        given = [(file, name if "=" in file else "", value) for file, name, value in given]
        wrong_key = "expected KEY=VALUE, e.g. --set training.epochs=3"
    for file, name, value in given:
        key = _key(name)
        if key is None:
            problems.append(Problem("", wrong_key, file))
            continue
        try:
            settings |= _settings(key, read(value), file, settings)
        except (TypeError, UnfitError) as error:
            problems.append(Problem(name, str(error), file))
    return settings, problems


def override_texts(overrides: Overrides) -> tuple[str, ...]:
    """As typed, or nearly so."""
    if not isinstance(overrides, Mapping):
        return tuple(overrides)
    return tuple(f"{key}={_plain(value)}" for key, value in overrides.items())


def _settings(key: Key, value: Any, file: str, earlier: dict[Key, Setting]) -> dict[Key, Setting]:
    """Of a value, those of its keys if it is a table; they are taken from the earlier ones."""
    refuse_unfit(value)
    pairs = dict(flatten(value, key)) if isinstance(value, dict) and value else {key: value}
    for each in pairs:
        earlier.pop(each, None)
    return {
        each: Setting(item, file, Path.cwd(), (None,) * len(each)) for each, item in pairs.items()
    }


def _key(name: str) -> Key | None:
    """A dotted key in parts, None if it is none."""
    try:
        ((key, value),) = flatten(parse(f"{name} = 0"))
    except ValueError:
        return None
    return key if value == 0 else None


def _typed(text: str) -> Any:
    """The text as TOML has it, or itself if it is none: `--set network.padding=same`."""
    try:
        table = parse(f"value = {text}")
    except UnfitError:
        raise
    except ValueError:
        return text
    return table["value"] if set(table) == {"value"} else text


def _plain(value: Any) -> Any:
    """A Python value as TOML would give it; NumPy's numbers and arrays and paths count as such.

    Raises TypeError for anything else.
    """
    match value:
        case bool() | int() | float() | str():
            return value
        case os.PathLike():
            return os.fspath(value)
        case np.generic() | np.ndarray():
            return _plain(value.tolist())
        case list() | tuple():
            return [_plain(item) for item in value]
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case None:
            raise TypeError("got None, which no key has; leave it out to keep the recipe's value")
    raise TypeError(f"got a value of type {type(value).__name__}, which a recipe can't hold")
