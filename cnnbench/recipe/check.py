"""Whether the variants of a recipe can be done: sources, amounts of images, networks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cnnbench.data.requests import request_of
from cnnbench.data.source import DataSource, Facts, Request
from cnnbench.data.spec import DataSpec
from cnnbench.data.splits import check_amounts
from cnnbench.errors import DataError, NetworkError, PluginError, Problem
from cnnbench.recipe.compose import Entry
from cnnbench.recipe.effective import effective_settings
from cnnbench.recipe.setting import Key, Setting, Settings, dotted
from cnnbench.recipe.spec import Configuration
from cnnbench.recipe.validate import Validated

FindSource = Callable[[str], DataSource]
LISTED = 12
"""How many classes a hint lists."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A variant whose values are valid, apart from the `wrong` ones, each by itself."""

    entry: Entry
    settings: Settings
    validated: Validated[Configuration]

    @property
    def configuration(self) -> Configuration:
        """Of the values that are valid."""
        assert self.validated.value is not None
        return self.validated.value


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one variant; key: to blame, a section's dotted key."""

    candidate: Candidate
    key: Key
    message: str

    @property
    def own(self) -> Setting | None:
        """The setting to blame, if the variant itself or the command line makes it."""
        setting = _find(self.candidate.settings, self.key)
        if setting and setting.overrides:
            return setting
        return _find(self.candidate.entry.settings, self.key)

    @property
    def mistake(self) -> tuple[object, ...]:
        """Equal for complaints about the same mistake."""
        return (self.key, self.message, *((self.own.file, self.own.line()) if self.own else ()))


class Checker:
    """Checks the variants of one recipe; asks each source once."""

    def __init__(self, find_source: FindSource) -> None:
        self._find_source = find_source
        self._facts: dict[tuple[str, Request], Facts | DataError | PluginError] = {}

    def check(self, candidates: Sequence[Candidate], file: str) -> list[Problem]:
        """The problems of all variants; the same mistake in several is one problem."""
        groups: dict[tuple[object, ...], list[Complaint]] = {}
        for candidate in candidates:
            for key, message in self._complaints(candidate):
                complaint = Complaint(candidate, key, message)
                groups.setdefault(complaint.mistake, []).append(complaint)
        return [_problem(group, len(candidates), file) for group in groups.values()]

    def repeated(self, candidates: Sequence[Candidate], file: str) -> list[Problem]:
        """Variants that would compute the same as an earlier one: a comparison of nothing."""
        first: dict[str, Candidate] = {}
        problems = []
        for candidate in candidates:
            earlier = first.setdefault(self._identity(candidate.configuration), candidate)
            if earlier is not candidate:
                problems.append(_same(earlier, candidate, file))
        return problems

    def _complaints(self, candidate: Candidate) -> Iterator[tuple[Key, str]]:
        clean, configuration = candidate.validated.clean, candidate.configuration
        data = configuration.data
        try:
            facts = self._facts_of(data)
        except (DataError, PluginError) as error:
            key = ("data", getattr(error, "key", "") or "source")
            if clean("data") or (key[1] == "source" and key not in candidate.validated.wrong):
                yield key, str(error)
            return
        if not clean("data"):
            return
        if clean("evaluation"):
            try:
                check_amounts(facts, data, configuration.evaluation.folds)
            except DataError as error:
                key = ("data", error.key) if error.key else ("evaluation", "folds")
                yield key, str(error) + _hint(candidate.settings, key, facts)
                if error.key == "classes":
                    return
        crop, (height, width, _) = configuration.augmentation.crop, facts.shape
        if clean("augmentation") and crop and (crop[0] > height or crop[1] > width):
            message = f"a crop of {crop[0]}x{crop[1]} does not fit in images of {height}x{width}"
            yield ("augmentation", "crop"), message
        elif clean("augmentation", "network"):
            try:
                effective_settings(configuration, facts.shape, facts.classes)
            except NetworkError as error:
                yield ("network", error.key) if error.key else ("network",), str(error)

    def _facts_of(self, data: DataSpec) -> Facts:
        name, request = request_of(data)
        known = self._facts.get((name, request))
        if known is None:
            try:
                known = self._find_source(name).facts(request)
            except (DataError, PluginError) as error:
                known = error
            self._facts[name, request] = known
        if isinstance(known, Exception):
            raise known
        return known

    def _identity(self, configuration: Configuration) -> str:
        facts = self._facts_of(configuration.data)
        settings = effective_settings(configuration, facts.shape, facts.classes)
        return repr(request_of(configuration.data)) + json.dumps(settings, sort_keys=True)


def _find(settings: Settings, key: Key) -> Setting | None:
    """The setting of a key, or the first below it."""
    return next((setting for other, setting in settings.items() if other[: len(key)] == key), None)


def _problem(group: Sequence[Complaint], variants: int, file: str) -> Problem:
    """One problem at the most telling place: the key to blame, else one of the same section."""
    first = group[0]
    key, message, entry = dotted(first.key), first.message, first.candidate.entry
    if len(group) == variants:
        settings = first.candidate.settings
        place = _find(settings, first.key) or _find(settings, first.key[:1])
    else:
        place = first.own or _find(entry.settings, first.key[:1]) or entry.place
        own_name = place.variant if place else ""
        others = "" if own_name else _and_more(len(group) - 1)
        message = f"variant {(own_name or entry.name)!r}{others}: {message}"
    if place is None:
        return Problem(key, message, file)
    return Problem(key, message, place.file, place.line())


def _and_more(count: int) -> str:
    return f" (and {count} more)" if count else ""


def _same(earlier: Candidate, candidate: Candidate, file: str) -> Problem:
    place = candidate.entry.place
    message = (
        f"variants {earlier.entry.name!r} and {candidate.entry.name!r} are the same configuration"
    )
    overridden = [
        setting.file
        for key, setting in candidate.settings.items()
        if setting.overrides and (key in candidate.entry.settings or key in earlier.entry.settings)
    ]
    if overridden:
        message += f", because {overridden[0]} overrides what tells them apart"
    else:
        message += ": change what one of them sets, or leave one out"
    if place is None:
        return Problem("variant", message, file)
    return Problem("variant", message, place.file, place.line())


def _hint(settings: Settings, key: Key, facts: Facts) -> str:
    """How to make a recipe fit other images than it was written for."""
    source = settings["data", "source"]
    blamed = settings.get(key)
    if not source.overrides or (blamed and blamed.overrides):
        return ""
    if key == ("data", "classes"):
        names = json.dumps(list(facts.classes[:LISTED]), ensure_ascii=False)
        return f"; the recipe was written for other images: give --set 'data.classes={names}'"
    if key[0] == "data" and key[1] in ("train", "validation", "test"):
        return (
            f"; the recipe was written for other images: give --set {dotted(key)}=NUMBER, or a "
            "fraction below 1"
        )
    return ""
