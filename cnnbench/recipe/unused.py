"""Keys of `[network]` that are set where no variant's architecture uses them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnbench.network.architectures import USED
from cnnbench.recipe.blame import Candidate
from cnnbench.recipe.setting import Key, Setting

ARCHITECTURE: Key = ("network", "architecture")


def unused_keys(candidates: Sequence[Candidate], file: str) -> Iterator[tuple[Candidate, Key, str]]:
    """Each with the variant that has it and what is wrong.

    file: of the recipe; what it inherits from another file it can't take back. An architecture
    that the command line chooses is no mistake of the recipe's keys.
    """
    settings = [
        (candidate, key, setting)
        for candidate in candidates
        if not _open(candidate)
        for key, setting in candidate.settings.items()
        if key[1:] in _NAMES and key[0] == "network"
        if setting.overrides or setting.file == file
    ]
    used = {_place(key, setting) for candidate, key, setting in settings if _uses(candidate, key)}
    for candidate, key, setting in settings:
        if _place(key, setting) not in used:
            architecture = candidate.configuration.network.architecture
            users = " or ".join(f'"{name}"' for name, names in USED.items() if key[1] in names)
            message = (
                f'has no effect on architecture = "{architecture}": leave it out, or choose '
                f"architecture = {users}"
            )
            yield candidate, key, message


_NAMES = {(name,) for names in USED.values() for name in names}


def _open(candidate: Candidate) -> bool:
    """Whether the recipe's own architecture is not known."""
    setting = candidate.settings.get(ARCHITECTURE)
    return setting is not None and setting.overrides


def _uses(candidate: Candidate, key: Key) -> bool:
    return key[1] in USED[candidate.configuration.network.architecture]


def _place(key: Key, setting: Setting) -> tuple[object, ...]:
    return (key, setting.file, setting.line())
