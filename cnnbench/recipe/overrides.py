"""What the command line changes in a recipe: `--set KEY=VALUE` and `--data SOURCE`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cnnbench.errors import Problem
from cnnbench.recipe.setting import Key, Setting, flatten


def read_overrides(
    texts: Sequence[str], data: str | None
) -> tuple[dict[Key, Setting], list[Problem]]:
    """The settings that the options make, and what is wrong with them; the last of a key counts."""
    settings: dict[Key, Setting] = {}
    problems: list[Problem] = []
    for text in texts:
        file = f"--set {text}"
        name, equals, value = text.partition("=")
        key = _key(name)
        if not equals or key is None:
            message = "expected KEY=VALUE, e.g. --set training.epochs=3"
            problems.append(Problem("", message, file))
            continue
        read = _value(value)
        pairs = flatten(read, key) if isinstance(read, dict) and read else [(key, read)]
        for each, item in pairs:
            settings.pop(each, None)
            settings[each] = _setting(item, file, each)
    if data is not None:
        settings["data", "source"] = _setting(data, f"--data {data}", ("data", "source"))
    return settings, problems


def _setting(value: Any, file: str, key: Key) -> Setting:
    return Setting(value, file, Path.cwd(), (None,) * len(key))


def _key(name: str) -> Key | None:
    """A dotted key in parts, None if it is none."""
    try:
        table = tomllib.loads(f"{name} = 0")
    except ValueError:
        return None
    ((key, value),) = flatten(table)
    return key if value == 0 else None


def _value(text: str) -> Any:
    """The text as TOML has it, or itself if it is none: `--set network.padding=same`."""
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return table["value"] if set(table) == {"value"} else text
