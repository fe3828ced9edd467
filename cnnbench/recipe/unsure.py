"""Which keys of a variant may be meant otherwise than they read, because of a mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from cnnbench.errors import nearest
from cnnbench.recipe.file import fields_of
from cnnbench.recipe.setting import Key, Settings
from cnnbench.recipe.spec import Configuration

KEYS: tuple[Key, ...] = tuple(key for key, _ in fields_of(Configuration))


def unsure_keys(wrong: Collection[Key], settings: Settings) -> frozenset[Key]:
    """The wrong keys, and those at their default that an unknown one may have been meant for.

    What follows from their values would be a second error for one mistake.
    """
    unsure: set[Key] = set()
    for mistake in wrong:
        hit = {key for key in KEYS if _overlap(key, mistake)}
        unsure |= hit or {key for key in _meant(mistake) if key not in settings}
    return frozenset(unsure)


def _meant(unknown: Key) -> Iterator[Key]:
    """What an unknown key may stand for: its name elsewhere, one alike beside it, else any."""
    name = unknown[-1]
    same = [key for key in KEYS if key[-1] == name]
    beside = [key for key in KEYS if key[:-1] == unknown[:-1]]
    near = nearest(name, [key[-1] for key in beside])
    yield from same or [key for key in beside if near in (None, key[-1])]


def _overlap(key: Key, other: Key) -> bool:
    """Whether one is the other or stands in its table."""
    depth = min(len(key), len(other))
    return key[:depth] == other[:depth]
