"""What is made of what trials predict: an ensemble of their networks, or the best candidate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from cnnbench.recipe.configuration import Configuration
from cnnbench.recipe.tune import Values
from cnnbench.trials.member import Member
from cnnbench.trials.trial import Trial

Own = Callable[[str, Member], Trial]
"""The trial of a variant, by name, in the same replicate and fold, for an ensemble."""


@dataclass(frozen=True, slots=True)
class Combination:
    """What trains nothing in one replicate and fold: its record is made of its trials'.

    id: a hash of theirs and of how they are put together. members: of an ensemble, whose
    predictions for the test images are put together; of a tuned variant the candidates, of which
    validation images choose one. drawn: what each candidate sets, empty for an ensemble. held_out:
    of stacking, for each member the trials that predict the training images, a part each.
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
    drawn: tuple[Values, ...] = ()

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
    ids = [[x.id for x in trials] for trials in (members, *held_out)]
    text = json.dumps(["ensemble", spec.method, ids])
    return _made_of(variant, configuration, members, text, held_out=held_out)


def tuned(
    variant: str, configuration: Configuration, own: Own, drawn: tuple[Values, ...]
) -> Combination:
    """The best candidate of a variant, with the trials that are tried.

    drawn: what each candidate sets.
    """
    members = tuple(own(variant, Member(candidate=n)) for n in range(len(drawn)))
    text = json.dumps(["tune", configuration.tune.metric, [trial.id for trial in members]])
    return _made_of(variant, configuration, members, text, drawn=drawn)


def _made_of(
    variant: str,
    configuration: Configuration,
    members: tuple[Trial, ...],
    text: str,
    *,
    held_out: tuple[tuple[Trial, ...], ...] = (),
    drawn: tuple[Values, ...] = (),
) -> Combination:
    first = members[0]
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
        drawn=drawn,
    )
