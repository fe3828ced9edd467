"""In what two configurations differ."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any


def differing_keys(
    first: Mapping[str, Any], second: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Dotted keys whose values differ, with both values.

    One that lacks a key was recorded before there was one, and did what is its default now; None
    for a key that is none of a configuration's.
    """
    if first == second:
        return {}
    left, right = complete(first), complete(second)
    keys = dict.fromkeys((*left, *right))
    return {key: (left.get(key), right.get(key)) for key in keys if left.get(key) != right.get(key)}


def complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    """All dotted keys of a configuration with their values, defaults for those not recorded."""
    return {**_defaults(), **dict(flat(settings))}


@cache
def _defaults() -> dict[str, Any]:
    from cnnbench.data.spec import DataSpec  # many schemas, for the sake of a few comparisons
    from cnnbench.recipe.configuration import Configuration

    whole = Configuration(data=DataSpec(source="any")).model_dump(mode="json")
    return {key: value for key, value in flat(whole) if key != "data.source"}


def flat(mapping: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Dotted keys with their values, tables within tables opened up."""
    items: list[tuple[str, Any]] = []
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            items += flat(value, f"{prefix}{key}.")
        else:
            items.append((f"{prefix}{key}", value))
    return items


def first_few(words: list[str], most: int = 3) -> str:
    """The words one, two, three and 4 more."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return f"{', '.join(words[:most])}{more}"
