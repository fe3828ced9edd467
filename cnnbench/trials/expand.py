"""From a recipe to its trials, in a fixed order, each with its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import product

from cnnbench.data.sources.inventory import Inventory
from cnnbench.data.sources.source import Facts, Request
from cnnbench.data.splits.feasibility import lots_decide, split_sizes
from cnnbench.errors import Problem, RecipeError
from cnnbench.network.bases.offered import OfferedBases
from cnnbench.network.network import Network
from cnnbench.pretrained.convention import as_trained
from cnnbench.pretrained.found import FoundArrays
from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.ensemble import EnsembleSpec
from cnnbench.recipe.file import PRETRAIN
from cnnbench.recipe.spec import Recipe, Variant
from cnnbench.recipe.transfer import Stage
from cnnbench.recipe.tune import TuneSpec, with_values
from cnnbench.trials.bases import arrays_of_bases, own_base
from cnnbench.trials.combination import Combination, combine, tuned
from cnnbench.trials.identity import effective_settings
from cnnbench.trials.member import Member
from cnnbench.trials.trial import REVISION, Device, Trial


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of decoded images. shape: (height, width, channels).

    counts: images of each class, by split where the source fixes splits, else under "all".
    inventory: what else was met while decoding. signals, group_count: as in Facts.
    """

    digest: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    inventory: Inventory = field(default_factory=Inventory)
    signals: bool = False
    group_count: tuple[tuple[int, ...], ...] = ()

    @property
    def facts(self) -> Facts:
        """The same as a source tells of itself."""
        count = {split: sum(counts) for split, counts in self.counts.items()}
        return Facts(self.shape, self.classes, count, self.counts, self.signals, self.group_count)


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a recipe comes down to on a backend.

    trials: to be run, each once, by replicate, then fold, then variant, so that a run that is
    interrupted has whole pairs; those of ensembles stand behind the others of their fold, those
    that train bases before all others of their replicate.
    combinations: the ensembles and choices that are made of trials.
    """

    trials: tuple[Trial, ...]
    combinations: tuple[Combination, ...] = ()


def expand(
    recipe: Recipe,
    backend: str,
    device: Device,
    known: Mapping[tuple[str, Request], Known],
    *,
    arrays: Mapping[str, FoundArrays] | None = None,
    gpu: bool = False,
) -> Expansion:
    """Every trial of a recipe on a backend, and what is made of them.

    known: what the sources of all variants hold, by name and request. arrays: what the bases of
    variants start from, by variant. gpu: whether the backend will compute on a GPU here, which the
    device alone does not tell. Raises RecipeError if two variants would be the same trials.
    """
    arrays = arrays or {}
    planned = partial(_plan, backend=backend, known=known, bases=recipe.bases, gpu=gpu)
    bases = {x.name: planned(x.configuration) for x in recipe.pretrain}
    outcomes = {name: plan.outcome for name, plan in bases.items()}
    arrays = {**arrays, **arrays_of_bases(recipe, outcomes)}
    variants = {x.name: planned(x.configuration, arrays.get(x.name)) for x in recipe.variants}
    _refuse_repeated(recipe.variants, variants)
    tried = {
        x.name: x.configuration.tune.draw(recipe.seed)
        for x in recipe.variants
        if x.configuration.tune.active
    }
    candidates = {
        (x.name, number): planned(with_values(x.configuration, values), arrays.get(x.name))
        for x in recipe.variants
        for number, values in enumerate(tried.get(x.name, ()))
    }

    def trial(replicate: int, fold: int | None, variant: str, member: Member | None) -> Trial:
        role = member or Member()
        if role.base:
            plan = bases[role.base]
        elif role.candidate is not None:
            plan = candidates[variant, role.candidate]
        else:
            plan = variants[variant]
        start = own_base(plan.configuration.transfer)
        return Trial(
            id=_identity(plan.outcome, recipe.seed, replicate, fold, member),
            recipe=recipe.name,
            variant=variant,
            replicate=replicate,
            fold=fold,
            backend=backend,
            device=device,
            seed=recipe.seed,
            source=plan.source,
            request=plan.request,
            data=plan.digest,
            network=plan.network,
            configuration=plan.configuration,
            arrays=None if role.base else arrays.get(variant),
            stages=plan.stages,
            starts_from=base(replicate, start).id if start else "",
            member=member,
            keeps_weights=bool(role.base),
        )

    @cache
    def base(replicate: int, name: str) -> Trial:
        return trial(replicate, None, f"{PRETRAIN}.{name}", Member(base=name))

    trials: dict[str, Trial] = {}
    combinations: list[Combination] = []
    folds = max(variant.configuration.evaluation.folds for variant in recipe.variants)
    for replicate, fold in product(range(recipe.replicates), [None, *range(folds)]):
        own = partial(trial, replicate, fold)
        there = [x for x in recipe.variants if fold in _folds(x.configuration)]
        if fold is None:
            started = (own_base(x.configuration.transfer) for x in recipe.variants)
            for name in dict.fromkeys(name for name in started if name):
                trials[base(replicate, name).id] = base(replicate, name)
        made = {*tried, *(x.name for x in there if x.configuration.ensemble.combines)}
        trained = [x for x in there if x.name not in made]
        combined = [
            tuned(x.name, x.configuration, own, tried[x.name])
            if x.name in tried
            else combine(x.name, x.configuration, own)
            for x in there
            if x.name in made
        ]
        wanted = [own(x.name, None) for x in trained]
        for each in [*wanted, *(each for ensemble in combined for each in ensemble.trials)]:
            trials.setdefault(each.id, each)  # what a variant trains for itself stays its own
        combinations += combined
    return Expansion(tuple(trials.values()), tuple(combinations))


def _folds(configuration: Configuration) -> list[int | None]:
    return [*range(configuration.evaluation.folds)] or [None]


@dataclass(frozen=True, slots=True)
class _Planned:
    """What the trials of a variant share.

    configuration: of one of its networks. outcome: canonical JSON of all that decides theirs,
    replicate, fold and member aside. ensemble: how they are put together, "" if they are not.
    """

    source: str
    request: Request
    digest: str
    network: Network
    stages: tuple[Stage, ...]
    configuration: Configuration
    outcome: str
    ensemble: str = ""


def _plan(
    configuration: Configuration,
    arrays: FoundArrays | None = None,
    *,
    backend: str,
    known: Mapping[tuple[str, Request], Known],
    bases: OfferedBases,
    gpu: bool,
) -> _Planned:
    spec = configuration.ensemble
    together = spec.way
    if spec.combines:
        configuration = configuration.model_copy(update={"ensemble": EnsembleSpec()})
    if configuration.tune.active:
        together += configuration.tune.model_dump_json()
        configuration = configuration.model_copy(update={"tune": TuneSpec()})
    source, request = configuration.request()
    images = known[source, request]
    network = configuration.network_for(images.shape, images.classes, bases)
    if arrays is not None:
        network = as_trained(network, arrays)
    stages = configuration.stages_for(images.shape, bases)
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
    return _Planned(
        source, request, images.digest, network, stages, configuration, outcome, together
    )


def _identity(
    outcome: str, seed: int, replicate: int, fold: int | None, member: Member | None
) -> str:
    text = json.dumps([outcome, seed, replicate, fold, *(member.identity if member else ())])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_repeated(variants: Sequence[Variant], planned: Mapping[str, _Planned]) -> None:
    """Raise RecipeError for variants that would compute the same: a comparison of nothing."""
    first: dict[tuple[str, str], Variant] = {}
    problems = []
    for variant in variants:
        plan = planned[variant.name]
        of_others = bool(variant.configuration.ensemble.of)
        outcome = ("" if of_others else plan.outcome, plan.ensemble)
        earlier = first.setdefault(outcome, variant)
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
        message += " of the same data: leave one out"
    else:
        message += ": change what one of them sets, or leave one out"
    place = variant.entry.place if variant.entry else None
    if place is None:
        return Problem("variant", message)
    return Problem("variant", message, place.file, place.line())
