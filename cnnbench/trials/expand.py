"""From a recipe to its trials, in a fixed order, each with its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cnnbench.data.sources.inventory import Inventory
from cnnbench.data.sources.source import Facts, Request
from cnnbench.data.splits.feasibility import lots_decide, split_sizes
from cnnbench.errors import Problem, RecipeError
from cnnbench.network.network import Network
from cnnbench.pretrained.convention import as_trained
from cnnbench.pretrained.found import FoundArrays
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.recipe.transfer import Stage
from cnnbench.trials.identity import effective_settings
from cnnbench.trials.trial import REVISION, Device, Trial


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of decoded images. shape: (height, width, channels).

    counts: images of each class, by split where the source fixes splits, else under "all".
    inventory: what else was met while decoding. signals: as in Facts.
    """

    digest: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    inventory: Inventory = field(default_factory=Inventory)
    signals: bool = False

    @property
    def facts(self) -> Facts:
        """The same as a source tells of itself."""
        count = {split: sum(counts) for split, counts in self.counts.items()}
        return Facts(self.shape, self.classes, count, self.counts, self.signals)


def expand(
    recipe: Recipe,
    backend: str,
    device: Device,
    known: Mapping[tuple[str, Request], Known],
    *,
    arrays: Mapping[str, FoundArrays] | None = None,
    gpu: bool = False,
) -> tuple[Trial, ...]:
    """Every trial of a recipe on a backend, by replicate, then fold, then variant.

    So a run that is interrupted has whole pairs. known: what the sources of all variants hold, by
    name and request. arrays: what the bases of variants start from, by variant. gpu: whether the
    backend will compute on a GPU here, which the device alone does not tell. Raises RecipeError if
    two variants would be the same trials.
    """
    planned = {
        variant.name: _plan(
            variant.configuration, backend, known, (arrays or {}).get(variant.name), gpu=gpu
        )
        for variant in recipe.variants
    }
    _refuse_repeated(recipe.variants, planned)
    folds = max(variant.configuration.evaluation.folds for variant in recipe.variants)
    return tuple(
        Trial(
            id=_identity(planned[variant.name].outcome, recipe.seed, replicate, fold),
            recipe=recipe.name,
            variant=variant.name,
            replicate=replicate,
            fold=fold,
            backend=backend,
            device=device,
            seed=recipe.seed,
            source=planned[variant.name].source,
            request=planned[variant.name].request,
            data=planned[variant.name].digest,
            network=planned[variant.name].network,
            configuration=variant.configuration,
            arrays=(arrays or {}).get(variant.name),
            stages=planned[variant.name].stages,
        )
        for replicate in range(recipe.replicates)
        for fold in ([None, *range(folds)])
        for variant in recipe.variants
        if fold in _folds(variant.configuration)
    )


def _folds(configuration: Configuration) -> list[int | None]:
    return [*range(configuration.evaluation.folds)] or [None]


@dataclass(frozen=True, slots=True)
class _Planned:
    """What the trials of a variant share.

    outcome: canonical JSON of all that decides theirs, replicate and fold aside.
    """

    source: str
    request: Request
    digest: str
    network: Network
    stages: tuple[Stage, ...]
    outcome: str


def _plan(
    configuration: Configuration,
    backend: str,
    known: Mapping[tuple[str, Request], Known],
    arrays: FoundArrays | None,
    *,
    gpu: bool,
) -> _Planned:
    source, request = configuration.request()
    images = known[source, request]
    network = configuration.network_for(images.shape, images.classes)
    if arrays is not None:
        network = as_trained(network, arrays)
    stages = configuration.stages_for(images.shape)
    settings = effective_settings(configuration, network, images.classes, arrays, stages)
    settings |= {"revision": REVISION, "images": images.digest, "backend": backend}
    data, folds = configuration.data, configuration.evaluation.folds
    if images.counts:
        # However the amounts are written: 0.04 of 5,000 images are 200.
        settings["data"] |= split_sizes(images.facts, data, folds)
        if lots_decide(images.facts, data, folds):
            settings["lots"] = "drawn"  # once the first class got the image that was over
    if gpu:
        settings["device"] = "gpu"
    outcome = json.dumps(settings, sort_keys=True, separators=(",", ":"))
    return _Planned(source, request, images.digest, network, stages, outcome)


def _identity(outcome: str, seed: int, replicate: int, fold: int | None) -> str:
    text = json.dumps([outcome, seed, replicate, fold])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_repeated(variants: Sequence[Variant], planned: Mapping[str, _Planned]) -> None:
    """Raise RecipeError for variants that would compute the same: a comparison of nothing."""
    first: dict[str, Variant] = {}
    problems = []
    for variant in variants:
        earlier = first.setdefault(planned[variant.name].outcome, variant)
        if earlier is not variant:
            problems.append(_sameness(earlier, variant))
    if problems:
        raise RecipeError(problems)


def _sameness(earlier: Variant, variant: Variant) -> Problem:
    """That two variants would compute the same, at the place of the second."""
    message = f"variants {earlier.name!r} and {variant.name!r} are the same configuration"
    own = {key for each in (earlier, variant) if each.entry for key in each.entry.settings}
    overriding = [x.file for key, x in variant.settings.items() if x.overrides and key in own]
    if overriding:
        message += f", because {overriding[0]} overrides what tells them apart"
    elif earlier.configuration.data.source != variant.configuration.data.source:
        message += " of the same images: leave one out"
    else:
        message += ": change what one of them sets, or leave one out"
    place = variant.entry.place if variant.entry else None
    if place is None:
        return Problem("variant", message)
    return Problem("variant", message, place.file, place.line())
