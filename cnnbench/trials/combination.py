"""Ensembles whose networks are trials: what is made of what those predict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from cnnbench.recipe.configuration import Configuration
from cnnbench.trials.member import Member
from cnnbench.trials.trial import Trial

Own = Callable[[str, Member], Trial]
"""The trial of a variant, by name, in the same replicate and fold, for an ensemble."""


@dataclass(frozen=True, slots=True)
class Combination:
    """An ensemble in one replicate and fold: it trains nothing, its record is made of its trials'.

    id: a hash of theirs and of how they are put together. members: whose predictions for the test
    images are put together. held_out: of stacking, for each member the trials that predict the
    training images, a part each.
    """

    id: str
    recipe: str
    variant: str
    replicate: int
    fold: int | None
    backend: str
    configuration: Configuration
    members: tuple[Trial, ...]
    held_out: tuple[tuple[Trial, ...], ...] = ()

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trials that it waits for."""
        return (*self.members, *(trial for parts in self.held_out for trial in parts))


def combine(variant: str, configuration: Configuration, own: Own) -> Combination:
    """The ensemble of a variant that combines others' predictions, with the trials it takes."""
    spec = configuration.ensemble
    held_out: tuple[tuple[Trial, ...], ...] = ()
    if spec.of:
        members = tuple(own(name, Member()) for name in spec.of)
    else:
        bootstrap = spec.method == "bagging"
        numbers = range(spec.members)
        members = tuple(own(variant, Member(number=n, bootstrap=bootstrap)) for n in numbers)
    if spec.method == "stacking":
        parts = [Member(part=(part, spec.folds)) for part in range(spec.folds)]
        held_out = tuple(tuple(own(name, part) for part in parts) for name in spec.of)
    first = members[0]
    ids = [[x.id for x in trials] for trials in (members, *held_out)]
    text = json.dumps(["ensemble", spec.method, ids])
    return Combination(
        id=hashlib.sha256(text.encode()).hexdigest()[:16],
        recipe=first.recipe,
        variant=variant,
        replicate=first.replicate,
        fold=first.fold,
        backend=first.backend,
        configuration=configuration,
        members=members,
        held_out=held_out,
    )
