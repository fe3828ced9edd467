"""Keys that once had another name: recipes are told today's, records are read with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnbench.recipe.setting import Key, dotted

RENAMED: Mapping[Key, str] = {
    ("training", "schedule", "minimum"): "min_lr",
    ("training", "early_stopping", "min_change"): "min_delta",
    ("training", "early_stopping", "restore_best"): "restore_best_weights",
}
"""Of each key of before, today's last part: for the most part what Keras calls it."""


def places_now(name: str) -> list[str]:
    """The dotted keys of a recipe whose last part once was this name."""
    return [dotted((*key[:-1], new)) for key, new in RENAMED.items() if key[-1] == name]


def in_todays_words(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration in a record, whose keys have the names of its day, with those of today."""
    for key, name in RENAMED.items():
        settings = _with_last(settings, key, name)
    return settings


def _with_last(settings: Mapping[str, Any], key: Key, name: str) -> Mapping[str, Any]:
    """The same settings if the key is not among them, else with another last part of it."""
    first, *rest = key
    if first not in settings:
        return settings
    if not rest:
        return {name if own == first else own: value for own, value in settings.items()}
    inner = settings[first]
    if not isinstance(inner, Mapping):
        return settings
    changed = _with_last(inner, tuple(rest), name)
    return settings if changed is inner else {**settings, first: changed}
