"""From a recipe to its trials, in a fixed order, each with its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cnnbench.data.feasibility import lots_decide, split_sizes
from cnnbench.data.inventory import Inventory
from cnnbench.data.requests import request_of
from cnnbench.data.source import Facts, Request
from cnnbench.errors import Problem, RecipeError
from cnnbench.recipe.effective import effective_settings
from cnnbench.recipe.spec import Configuration, Recipe
from cnnbench.trials.trial import REVISION, Device, Trial


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of decoded images. shape: (height, width, channels).

    counts: images of each class, by split where the source fixes splits, else under "all".
    inventory: what else was met while decoding.
    """

    digest: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    inventory: Inventory = field(default_factory=Inventory)

    @property
    def facts(self) -> Facts:
        """The same as a source tells of itself."""
        count = {split: sum(counts) for split, counts in self.counts.items()}
        return Facts(self.shape, self.classes, count, self.counts)


def expand(
    recipe: Recipe,
    backend: str,
    device: Device,
    known: Mapping[tuple[str, Request], Known],
    *,
    gpu: bool = False,
) -> tuple[Trial, ...]:
    """Every trial of a recipe on a backend, by replicate, then fold, then variant.

    So a run that is interrupted has whole pairs. known: what the sources of all variants hold, by
    name and request. gpu: whether the backend will compute on a GPU here, which the device alone
    does not tell. Raises RecipeError if two variants would be the same trials.
    """
    digests = {
        variant.name: known[request_of(variant.configuration.data)].digest
        for variant in recipe.variants
    }
    outcomes = {
        variant.name: _outcome(variant.configuration, backend, known, gpu=gpu)
        for variant in recipe.variants
    }
    _refuse_repeated(outcomes)
    folds = max(variant.configuration.evaluation.folds for variant in recipe.variants)
    return tuple(
        Trial(
            id=_identity(outcomes[variant.name], recipe.seed, replicate, fold),
            recipe=recipe.name,
            variant=variant.name,
            replicate=replicate,
            fold=fold,
            backend=backend,
            device=device,
            seed=recipe.seed,
            data=digests[variant.name],
            configuration=variant.configuration,
        )
        for replicate in range(recipe.replicates)
        for fold in ([None, *range(folds)])
        for variant in recipe.variants
        if fold in _folds(variant.configuration)
    )


def _folds(configuration: Configuration) -> list[int | None]:
    return [*range(configuration.evaluation.folds)] or [None]


def _outcome(
    configuration: Configuration,
    backend: str,
    known: Mapping[tuple[str, Request], Known],
    *,
    gpu: bool,
) -> str:
    """Canonical JSON of all that decides a variant's outcome, replicate and fold aside."""
    images = known[request_of(configuration.data)]
    settings = effective_settings(configuration, images.shape, images.classes)
    settings |= {"revision": REVISION, "images": images.digest, "backend": backend}
    data, folds = configuration.data, configuration.evaluation.folds
    if images.counts:
        # However the amounts are written: 0.04 of 5,000 images are 200.
        settings["data"] |= split_sizes(images.facts, data, folds)
        if lots_decide(images.facts, data, folds):
            settings["lots"] = "drawn"  # once the first class got the image that was over
    if gpu:
        settings["device"] = "gpu"
    return json.dumps(settings, sort_keys=True, separators=(",", ":"))


def _identity(outcome: str, seed: int, replicate: int, fold: int | None) -> str:
    text = json.dumps([outcome, seed, replicate, fold])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_repeated(outcomes: Mapping[str, str]) -> None:
    """Two spellings of a source can hold the same images, which only their digests tell."""
    first: dict[str, str] = {}
    for name, outcome in outcomes.items():
        other = first.setdefault(outcome, name)
        if other != name:
            message = (
                f"variants {other!r} and {name!r} are the same configuration of the same images"
            )
            raise RecipeError([Problem("variant", message)])
