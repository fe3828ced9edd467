"""The exceptions a user can cause; the command line prints them as one sentence and exits with 2.

Everything else that is raised is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

_DOCUMENTATION = "https://github.com/cnnbench/cnnbench/blob/main/docs/"


def page(name: str) -> str:
    """Where a page of docs/ is read by those who installed the program alone: "plugins.md"."""
    return f"{_DOCUMENTATION}{name}"


class CnnbenchError(Exception):
    """An expected error: its text says what is wrong, where, and what to do."""


class NetworkError(CnnbenchError):
    """A network that can't be built.

    key: the `[network]` key to change ("kernel"), empty where no single key is to blame.
    """

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class DataError(CnnbenchError):
    """A source that can't be read, or holds less than the recipe asks for.

    key: the `[data]` key to change ("train"), empty where no single key is to blame.
    """

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class PretrainedError(CnnbenchError):
    """Arrays of a base that are missing, damaged, or of something else.

    key: the `[transfer]` key to change ("weights"), empty where no single key is to blame.
    """

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class PluginError(CnnbenchError):
    """A plugin, or something only a plugin provides, that is unknown, broken or unavailable."""


class ResultsError(CnnbenchError):
    """A results folder that can't be read or written."""


class OptionsError(CnnbenchError):
    """A way of running that can't be: not what is to run, but how."""


class ComparisonError(CnnbenchError):
    """Records that can't be compared as asked."""


LISTED = 20
"""Mistakes of a recipe that are told at once."""
LONGEST = 1000
"""Characters of a part of a message; what is quoted may be of any length."""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a recipe: where it stands, what is wrong, what is allowed."""

    key: str
    message: str
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{_cut(self.file)}:{self.line}" if self.line else _cut(self.file)
        return ": ".join(part for part in (place, _cut(self.key), _cut(self.message)) if part)


class RecipeError(CnnbenchError):
    """Every mistake found in a recipe, in the order of the file.

    lines: what is told of them, a line each.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        self.lines = [str(problem) for problem in problems[:LISTED]]
        if len(problems) > LISTED:
            self.lines.append(f"... and {len(problems) - LISTED:,} more")
        super().__init__("\n".join(self.lines))


def refuse_options(options: Mapping[str, object], owner: str) -> None:
    """Raise OptionsError for an option that was given. owner: what it belongs to."""
    for name, value in options.items():
        if value:
            raise OptionsError(f"{name} belongs to {owner}: leave it out")


def nearest(word: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The name most like the word, whatever its case; else one that begins like it."""
    known = {name.lower(): name for name in names}
    word = word.lower()
    near = get_close_matches(word, known, n=1, cutoff=cutoff) or [
        name for name in known if name.startswith(word) or (len(name) > 1 and word.startswith(name))
    ]
    return known[near[0]] if word and near else None


def did_you_mean(word: str, names: Iterable[str], listed: str = "") -> str:
    """How a sentence that calls a name unknown ends: "; did you mean 'x'?", "" if none is like it.

    listed: what to call the names, to list them all behind it: "; did you mean 'x'? found: x, y".
    """
    names = list(names)
    near = nearest(word, names)
    return meant([near] if near else [], f"{listed}: {', '.join(names)}" if listed else "")


def meant(guesses: Iterable[str], then: str = "") -> str:
    """The same for what was found out otherwise; then: what stands behind it."""
    asked = " or ".join(map(repr, guesses))
    parts = [f"did you mean {asked}?" if asked else "", then]
    return f"; {' '.join(filter(None, parts))}" if any(parts) else ""
