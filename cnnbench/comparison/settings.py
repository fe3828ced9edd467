"""In what two configurations differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def differing_keys(
    first: Mapping[str, Any], second: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Dotted keys whose values differ, with both values; None where one lacks the key."""
    if first == second:
        return {}
    left, right = dict(flat(first)), dict(flat(second))
    keys = dict.fromkeys((*left, *right))
    return {key: (left.get(key), right.get(key)) for key in keys if left.get(key) != right.get(key)}


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
