"""Whether the variants of a recipe can be done: sources, amounts of images, networks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from cnnbench.data.sources.requests import request_of
from cnnbench.data.sources.source import DataSource, Facts, Request
from cnnbench.data.sources.summary import in_words
from cnnbench.data.spec import DataSpec
from cnnbench.data.splits.feasibility import amount_errors
from cnnbench.errors import DataError, NetworkError, PluginError, Problem
from cnnbench.network.architectures import SHAPING
from cnnbench.network.bases.offered import PUBLISHED, OfferedBases
from cnnbench.recipe.blame import (
    Candidate,
    Complaint,
    hint_for,
    other_images_hint,
    problem_of,
    unknown_source,
)
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.ensemble import ensemble_complaints
from cnnbench.recipe.fitting import training_complaints
from cnnbench.recipe.setting import Key, Settings
from cnnbench.recipe.spec import Variant
from cnnbench.recipe.transfer import TransferSpec
from cnnbench.recipe.tunable import tune_complaints
from cnnbench.recipe.unused import unused_keys

FindSource = Callable[[str], DataSource]
FOLDS: Key = ("evaluation", "folds")
CROP: Key = ("augmentation", "crop")


class Checker:
    """Checks the variants of one recipe; asks each source once."""

    def __init__(self, find_source: FindSource, bases: OfferedBases = PUBLISHED) -> None:
        """bases: those that `[transfer]` may name."""
        self._find_source = find_source
        self._bases = bases
        self._facts: dict[tuple[str, Request], Facts | DataError | PluginError] = {}

    def check(self, candidates: Sequence[Candidate], file: str) -> list[Problem]:
        """The problems of all variants; the same mistake in several is one problem."""
        groups: dict[tuple[object, ...], list[Complaint]] = {}
        found = [(x, key, message) for x in candidates for key, message in self._complaints(x)]
        found += _ensemble_complaints(candidates)
        found += [
            (x, ("tune", key), message) for x in candidates for key, message in self._untunable(x)
        ]
        for candidate, key, message in [*found, *unused_keys(candidates, file)]:
            complaint = Complaint(candidate, key, message)
            groups.setdefault(complaint.mistake, []).append(complaint)
        return [problem_of(group, len(candidates), file) for group in groups.values()]

    def problems_of_base(self, base: Variant) -> Iterator[Problem]:
        """Those of a base that the study trains, by itself."""
        assert base.entry is not None
        candidate = Candidate(base.entry, base.settings, base.configuration)
        for key, message in self._complaints(candidate):
            yield base.problem(key, message)

    def _complaints(self, candidate: Candidate) -> Iterator[tuple[Key, str]]:
        configuration, settings = candidate.configuration, candidate.settings
        yield from training_complaints(configuration)
        try:
            facts = self.facts_of(configuration.data)
        except (DataError, PluginError) as error:
            if isinstance(error, PluginError):
                yield ("data", "source"), unknown_source(settings, error)
            else:
                yield ("data", error.key or "source"), f"{error}{other_images_hint(settings)}"
            return
        if facts.signals:
            yield from _of_images_alone(configuration)
        for key, message in self._of_facts(candidate, facts):
            yield key, in_words(message, signals=facts.signals)

    def _of_facts(self, candidate: Candidate, facts: Facts) -> Iterator[tuple[Key, str]]:
        """What stands against the images that a variant asks for, and against its network."""
        configuration = candidate.configuration
        key: Key
        errors = amount_errors(facts, configuration.data, configuration.evaluation.folds)
        for wrong in errors:
            key = ("data", wrong.key) if wrong.key else FOLDS
            yield key, str(wrong) + hint_for(candidate.settings, key, facts)
        if not errors:
            yield from _unmonitored(facts, configuration)
        yield from _balanced_twice(configuration)
        if configuration.transfer.active:
            if facts.signals:  # no base takes them, whatever else stands against it
                return
            yield from _unshareable(configuration)
        classes_known = all(wrong.key != "classes" for wrong in errors)
        yield from _network_complaints(candidate, facts, self._bases, classes_known=classes_known)

    def _untunable(self, candidate: Candidate) -> Iterator[tuple[str, str]]:
        try:
            facts = self.facts_of(candidate.configuration.data)
        except (DataError, PluginError):  # said before
            return
        yield from tune_complaints(candidate, facts, self._bases)

    def facts_of(self, data: DataSpec) -> Facts:
        """Of the images that it names, asked once. Raises DataError and PluginError."""
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


def _ensemble_complaints(
    candidates: Sequence[Candidate],
) -> Iterator[tuple[Candidate, Key, str]]:
    variants = {x.entry.name: x.configuration for x in candidates}
    for candidate in candidates:
        for key, message in ensemble_complaints(candidate.entry.name, variants):
            yield candidate, ("ensemble", key), message


def _network_complaints(
    candidate: Candidate, facts: Facts, bases: OfferedBases, *, classes_known: bool
) -> Iterator[tuple[Key, str]]:
    """What stands against building the network for these images."""
    configuration, settings = candidate.configuration, candidate.settings
    crop, (height, width, _) = configuration.augmentation.crop, facts.shape
    if crop and (crop[0] > height or crop[1] > width):
        message = f"a crop of {crop[0]}x{crop[1]} does not fit in images of {height}x{width}"
        yield CROP, message
        return
    shaping = {("network", name) for name in SHAPING}
    try:
        configuration.network_for(facts.shape, facts.classes, bases)
        configuration.stages_for(facts.shape, bases)
    except NetworkError as error:
        if error.key in TransferSpec.model_fields:
            yield ("transfer", error.key), str(error)
        elif classes_known or error.key in SHAPING:
            key: Key = ("network", error.key) if error.key else ("network",)
            key = _overriding(settings, key, shaping)
            message = in_words(str(error), signals=facts.signals)
            yield key, message + hint_for(settings, key, facts)


def _overriding(settings: Settings, key: Key, shaping: Collection[Key]) -> Key:
    """The key to blame for a map that became too small: what the command line changed, if any."""
    changed = [x for x, setting in settings.items() if x in shaping and setting.overrides]
    return key if key not in shaping or not changed or key in changed else changed[0]


def _of_images_alone(configuration: Configuration) -> Iterator[tuple[Key, str]]:
    """What a recipe asks of signals that only images have."""
    if configuration.augmentation.active:
        message = (
            "signals are not augmented: what these transforms do to pixels has no meaning for "
            "them; leave [augmentation] out"
        )
        yield ("augmentation",), message
    if configuration.transfer.active:
        message = "bases take images, not signals; leave [transfer] out"
        yield ("transfer", "base"), message


def _unshareable(configuration: Configuration) -> Iterator[tuple[Key, str]]:
    """What would be different in every epoch where it is to be computed once."""
    augmentation = configuration.augmentation
    if (
        configuration.transfer.strategy == "features"
        and augmentation.active
        and augmentation.copies is None
    ):
        message = (
            "features are computed once an image, so that augmentation, which makes other images "
            "in every epoch, would never reach them: say with augmentation.copies how many of each "
            'image there are, use "frozen", or leave [augmentation] out'
        )
        yield ("transfer", "strategy"), message


def _balanced_twice(configuration: Configuration) -> Iterator[tuple[Key, str]]:
    """What would make rare classes count more than frequent ones."""
    training = configuration.training
    if training.batches == "balanced" and training.class_weights == "balanced":
        message = (
            "balanced batches hold every class alike already, so that balanced class_weights would "
            "make rare classes count more than frequent ones: choose one of the two"
        )
        yield ("training", "batches"), message


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
