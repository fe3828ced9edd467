"""Whether the variants of a recipe can be done: sources, amounts of images, networks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from cnnbench.data.requests import request_of
from cnnbench.data.source import DataSource, Facts, Request
from cnnbench.data.spec import DataSpec
from cnnbench.data.splits import check_amounts
from cnnbench.errors import DataError, NetworkError, PluginError, Problem
from cnnbench.recipe.blame import Candidate, Complaint, hint_for, problem_of, sameness
from cnnbench.recipe.effective import effective_settings
from cnnbench.recipe.setting import Key
from cnnbench.recipe.spec import Configuration

FindSource = Callable[[str], DataSource]


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
        return [problem_of(group, len(candidates), file) for group in groups.values()]

    def repeated(self, candidates: Sequence[Candidate], file: str) -> list[Problem]:
        """Variants that would compute the same as an earlier one: a comparison of nothing."""
        first: dict[str, Candidate] = {}
        problems = []
        for candidate in candidates:
            earlier = first.setdefault(self._identity(candidate.configuration), candidate)
            if earlier is not candidate:
                problems.append(sameness(earlier, candidate, file))
        return problems

    def _complaints(self, candidate: Candidate) -> Iterator[tuple[Key, str]]:
        clean, configuration = candidate.validated.clean, candidate.configuration
        data = configuration.data
        key: Key
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
                yield key, str(error) + hint_for(candidate.settings, key, facts)
                if error.key == "classes":
                    return
            else:
                yield from _unmonitored(facts, configuration)
        yield from _network_complaints(candidate, facts)

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


def _network_complaints(candidate: Candidate, facts: Facts) -> Iterator[tuple[Key, str]]:
    """What stands against building the network for these images."""
    clean, configuration = candidate.validated.clean, candidate.configuration
    crop, (height, width, _) = configuration.augmentation.crop, facts.shape
    if clean("augmentation") and crop and (crop[0] > height or crop[1] > width):
        message = f"a crop of {crop[0]}x{crop[1]} does not fit in images of {height}x{width}"
        yield ("augmentation", "crop"), message
    elif clean("augmentation", "network"):
        try:
            effective_settings(configuration, facts.shape, facts.classes)
        except NetworkError as error:
            key = ("network", error.key) if error.key else ("network",)
            yield key, str(error) + hint_for(candidate.settings, key, facts)


def _unmonitored(facts: Facts, configuration: Configuration) -> Iterator[tuple[Key, str]]:
    """What waits for validation values that there won't be."""
    data, training = configuration.data, configuration.training
    if configuration.evaluation.folds or "validation" not in facts.count:
        return  # then some are drawn from the images for training
    chosen = [facts.classes.index(name) for name in data.classes or facts.classes]
    counts = facts.class_count.get("validation")
    if sum(counts[index] for index in chosen) if counts else facts.count["validation"]:
        return
    why = "the source's own validation split holds no image of the chosen classes"
    stopping = training.early_stopping
    if stopping.patience and stopping.monitor.startswith("val_"):
        key = ("training", "early_stopping", "monitor")
        yield key, f'{stopping.monitor} can\'t be monitored, as {why}: monitor "loss" instead'
    if training.schedule.kind == "plateau":
        key = ("training", "schedule", "kind")
        yield key, f'a plateau of the validation loss can\'t be seen, as {why}: use "cosine"'
