"""Keys that are set where no variant's architecture or optimiser uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cnnbench.network.architectures import USED as OF_ARCHITECTURES
from cnnbench.recipe.blame import Candidate
from cnnbench.recipe.setting import Key, Setting
from cnnbench.recipe.training import USED as OF_OPTIMIZERS


@dataclass(frozen=True, slots=True)
class Choice:
    """A key whose value decides which others of its section count.

    used: the names of those that each value uses, of all that only some use.
    """

    key: Key
    used: Mapping[str, frozenset[str]]

    def made_by(self, candidate: Candidate) -> str:
        """The value in effect."""
        section, name = self.key
        return str(getattr(getattr(candidate.configuration, section), name))

    def concerns(self, key: Key) -> bool:
        """Whether only some values use a key."""
        users = [names for names in self.used.values() if key[1:] in {(name,) for name in names}]
        return key[:1] == self.key[:1] and 0 < len(users) < len(self.used)

    def is_used(self, candidate: Candidate, key: Key) -> bool:
        """Whether the value in effect uses a key."""
        return key[1] in self.used[self.made_by(candidate)]

    def complaint(self, candidate: Candidate, key: Key) -> str:
        """What is wrong with a key that isn't used."""
        name = self.key[1]
        users = " or ".join(f'"{value}"' for value, names in self.used.items() if key[1] in names)
        return (
            f'has no effect on {name} = "{self.made_by(candidate)}": leave it out, or choose '
            f"{name} = {users}"
        )


CHOICES = (
    Choice(("network", "architecture"), OF_ARCHITECTURES),
    Choice(("training", "optimizer"), OF_OPTIMIZERS),
)


def unused_keys(candidates: Sequence[Candidate], file: str) -> Iterator[tuple[Candidate, Key, str]]:
    """Each with the variant that has it and what is wrong.

    file: of the recipe; what it inherits from another file it can't take back. What the command
    line chooses is no mistake of the recipe's keys.
    """
    for choice in CHOICES:
        settings = [
            (candidate, key, setting)
            for candidate in candidates
            for key, setting in candidate.settings.items()
            if choice.concerns(key)
            if setting.overrides or (setting.file == file and not _open(candidate, choice))
        ]
        used = {_place(k, setting) for x, k, setting in settings if choice.is_used(x, k)}
        for candidate, key, setting in settings:
            if _place(key, setting) not in used:
                yield candidate, key, choice.complaint(candidate, key)


def _open(candidate: Candidate, choice: Choice) -> bool:
    """Whether what the recipe itself chooses is not known."""
    setting = candidate.settings.get(choice.key)
    return setting is not None and setting.overrides


def _place(key: Key, setting: Setting) -> tuple[object, ...]:
    return (key, setting.file, setting.line())
