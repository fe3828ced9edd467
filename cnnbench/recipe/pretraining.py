"""The `[pretrain.NAME]` sections of a recipe: bases that the study trains itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from cnnbench.data.sources.requests import request_of
from cnnbench.data.sources.source import Facts
from cnnbench.data.spec import DataSpec
from cnnbench.errors import DataError, PluginError, Problem
from cnnbench.network.architectures import build_network
from cnnbench.network.bases.offered import OfferedBase, OfferedBases
from cnnbench.network.cut import trunk
from cnnbench.network.network import Network
from cnnbench.network.spec import NetworkSpec
from cnnbench.recipe.blame import Candidate
from cnnbench.recipe.file import OF_A_BASE, PRETRAIN
from cnnbench.recipe.setting import Key, Setting, Settings, dotted, merge
from cnnbench.recipe.spec import Variant
from cnnbench.recipe.transfer import OWN

OF_THE_STUDY = frozenset({"train", "validation", "test", "classes"})
"""Keys of `[data]` that the study says of itself alone: which of the images, and how many."""
CONSTANT = ("scale", "none")
"""Normalisations that are the same whatever images they are fitted to."""
FactsOf = Callable[[DataSpec], Facts]


class Pretraining(Variant):
    """A `[pretrain.NAME]` section: what is trained once a replicate, for all that start from it."""

    def problem(self, key: Key, message: str) -> Problem:
        """A problem with the value of a key, at its place or else at the section's."""
        found = super().problem(key, message)
        if not found.file and self.entry and self.entry.place:
            found = self.entry.place.problem(found.key, message)
        return replace(found, key=dotted((PRETRAIN, self.name, *key)))


def settings_of_base(shared: Settings, own: Settings) -> dict[Key, Setting]:
    """What counts for a base: what its section says, and else what all variants have in common.

    shared: the sections without variants. How many images, and of which classes, stays the study's.
    """
    left = {("data", key) for key in OF_THE_STUDY}
    if ("data", "source") in own:
        left.add(("data", "groups"))  # they are of the study's source
    kept = {
        key: setting for key, setting in shared.items() if key[0] in OF_A_BASE and key not in left
    }
    return merge(kept, own)


def with_bases(bases: OfferedBases, pretrain: Sequence[Pretraining]) -> OfferedBases:
    """The bases that `[transfer]` may name, with those that the study trains."""
    own = {
        f"{OWN}{x.name}": OfferedBase(partial(_base, x.configuration.network), None, None)
        for x in pretrain
    }
    return {**bases, **own}


def _base(spec: NetworkSpec, shape: tuple[int, int, int]) -> Network:
    return trunk(build_network(spec, shape, classes=2))  # the head goes, and with it the classes


def pretraining_problems(
    pretrain: Sequence[Pretraining], candidates: Sequence[Candidate], facts_of: FactsOf
) -> Iterator[Problem]:
    """What stands against starting the variants from these bases.

    facts_of: of what a `[data]` names; raises DataError and PluginError, which others report.
    """
    specs = [x.configuration.transfer for x in candidates]
    mistaken = any(x.is_own and x.own not in {base.name for base in pretrain} for x in specs)
    for base in pretrain:
        users = [x for x in candidates if x.configuration.transfer.own == base.name]
        if not users and not (mistaken or _is_overridden(candidates)):
            message = (
                f'no variant starts from it: set transfer.weights = "{OWN}{base.name}", or leave '
                "the section out"
            )
            yield base.problem((), message)
        yield from _unfit(base)
        found = (x for user in users for x in _of_user(base, user, facts_of))
        yield from {x.key: x for x in reversed([*found])}.values()  # of the first user


def _is_overridden(candidates: Sequence[Candidate]) -> bool:
    """Whether the command line says what variants start from."""
    return any(
        key[0] == "transfer" and setting.overrides
        for candidate in candidates
        for key, setting in candidate.settings.items()
    )


def _unfit(base: Pretraining) -> Iterator[Problem]:
    normalization = base.configuration.data.normalization
    if normalization not in CONSTANT:
        message = (
            f'normalization = "{normalization}" follows from the images that a base is trained on, '
            "and those that it is used for would be scaled otherwise: set it to "
            f"{' or '.join(CONSTANT)} here"
        )
        yield base.problem(("data", "normalization"), message)


def _of_user(base: Pretraining, user: Candidate, facts_of: FactsOf) -> Iterator[Problem]:
    try:
        facts = facts_of(base.configuration.data), facts_of(user.configuration.data)
    except (DataError, PluginError):
        return
    yield from _other_shape(base, user, *facts)
    yield from _shared_classes(base, user, *facts)


def _other_shape(base: Pretraining, user: Candidate, its: Facts, mine: Facts) -> Iterator[Problem]:
    if its.shape == mine.shape:
        return
    message = (
        f"the base is trained on images of {_shape(its)}, but variant {user.entry.name!r} has "
        f"{_shape(mine)}: set data.image_size = [{mine.shape[0]}, {mine.shape[1]}], and data.color "
        "where channels differ, in one of the two"
    )
    yield base.problem(("data", "image_size"), message)


def _shape(facts: Facts) -> str:
    height, width, channels = facts.shape
    return f"{height}x{width} pixels and {channels} channel{'s' * (channels > 1)}"


def _shared_classes(
    base: Pretraining, user: Candidate, its: Facts, mine: Facts
) -> Iterator[Problem]:
    """Of one source both may use, they use different classes: else test images were seen before."""
    own, others = base.configuration.data, user.configuration.data
    if _place(own) != _place(others):
        return
    chosen = [x for x in own.classes or its.classes if x in (others.classes or mine.classes)]
    if not chosen:
        return
    left = [name for name in its.classes if name not in (others.classes or mine.classes)]
    advice = (
        f"give the base others, such as data.classes = {_listed(left)}"
        if left
        else "give the study data.classes that are not those of the base"
    )
    message = (
        f"the base would see test images of variant {user.entry.name!r}: both use the classes "
        f"{', '.join(chosen)} of {own.source}; {advice}"
    )
    yield base.problem(("data", "classes"), message)


def _place(data: DataSpec) -> tuple[str, str]:
    name, request = request_of(data)
    return name, request.argument


def _listed(names: Sequence[str]) -> str:
    return json.dumps(names, ensure_ascii=False)
