"""What all variants of a chapter share, and what each of them changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cnnbench.comparison.settings import complete, flat
from cnnbench.report.chapters import Chapter, Line

_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Settings:
    """shared: key and value, equal in all variants. own: by variant, those that differ."""

    shared: tuple[tuple[str, str], ...]
    own: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def settings_of(chapter: Chapter) -> Settings:
    """From the records, as the trials were run."""
    found = {line.row.variant: _settings(line) for line in chapter.lines}
    keys = list(dict.fromkeys(key for x in found.values() for key, _ in flat(x)))
    # What a record lacks, as it is from before there was such a key, was what is the default now.
    by_variant = {variant: complete(x) if x else {} for variant, x in found.items()}
    known = [x for x in by_variant.values() if x]
    same = {key for key in keys if all(x.get(key) == known[0].get(key) for x in known)}
    baseline = chapter.baseline
    base = by_variant.get(baseline.row.variant, {}) if baseline else {}
    own = []
    for variant, values in by_variant.items():
        mine = tuple(
            (key, shown(values.get(key)))
            for key in keys
            if key not in same and (values.get(key) != base.get(key) or values is base)
        )
        own.append((variant, mine if values is not base else ()))
    shared = tuple((key, shown(known[0].get(key))) for key in keys if key in same)
    return Settings(shared, tuple(own))


def common(chapter: Chapter) -> dict[str, Any]:
    """The dotted keys that are recorded, with the values that all variants agree on."""
    found = [_settings(line) for line in chapter.lines if line.series.records]
    keys = dict.fromkeys(key for x in found for key, _ in flat(x))
    first, *others = [complete(x) for x in found] or [{}]
    return {
        key: first.get(key) for key in keys if all(x.get(key) == first.get(key) for x in others)
    }


def shown(value: object) -> str:
    """A value as a recipe would have it."""
    if value is None:
        return "none"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _settings(line: Line) -> Mapping[str, Any]:
    records = line.records or list(line.series.records.values())
    return records[0].settings if records else {}
