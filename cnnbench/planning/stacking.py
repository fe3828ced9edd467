"""Which trials can be trained as one program: replicates of a variant, which differ in seeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from cnnbench.plugin.backend import Backend
from cnnbench.plugin.executor import Executor
from cnnbench.recipe.spec import Recipe
from cnnbench.trials.trial import Trial


def stacked(trials: Iterable[Trial], most: int) -> list[tuple[Trial, ...]]:
    """A study's trials in pieces of up to `most` that are run as one, in the order of their first.

    What differs between trials of a variant, but for its fold and member, is their replicate.
    """
    pieces: list[list[Trial]] = []
    growing: dict[tuple[object, ...], list[Trial]] = {}
    for trial in trials:
        if most > 1 and not why_alone(trial):
            key = trial.variant, trial.fold, trial.member
            if len(growing.get(key, ())) in {0, most}:
                growing[key] = []
                pieces.append(growing[key])
            growing[key].append(trial)
        else:
            pieces.append([trial])
    return [tuple(piece) for piece in pieces]


def most_together(asked: int, backend: Backend, executor: Executor) -> int:
    """How many replicates can be run as one, of as many as are asked for."""
    return asked if backend.capabilities.stacked and executor.stacks else 1


def most_in_a_round(recipe: Recipe) -> int:
    """How many replicates of a variant there are to run at once: up to a look, where there are."""
    return max((b - a for a, b in pairwise((0, *recipe.looks))), default=recipe.replicates)


def stack_notes(
    trials: Sequence[Trial], most: int, backend: Backend, executor: Executor
) -> Iterator[str]:
    """What of the trials is run one by one though stacks of `most` are asked for, and why."""
    if most == 1:
        return
    alone = f"--stack {most}: trials run one by one, as"
    if not backend.capabilities.stacked:
        yield f"{alone} backend {backend.name} can't train replicates as one program"
    elif not executor.stacks:
        yield f"{alone} executor {executor.name} can't hand out several as one"
    else:
        reasons: dict[str, dict[str, None]] = {}
        for trial in trials:
            if reason := why_alone(trial):
                reasons.setdefault(reason, {})[trial.variant] = None
        for reason, variants in reasons.items():
            yield f"--stack {most}: trials of {', '.join(variants)} run one by one, as {reason}"


def why_alone(trial: Trial) -> str:
    """What keeps a trial from being trained with its other replicates, "" if nothing."""
    spec = trial.configuration
    method, schedule = spec.ensemble.method, spec.training.schedule.kind
    reasons = {
        "evaluation.exclusive asks for the times of each alone": spec.evaluation.exclusive,
        f"{method} trains several networks in turn": method in ("boosting", "snapshot"),
        "a base is trained in stages": trial.stages or trial.arrays is not None,
        "groups of data.groups make splits of other sizes": spec.data.groups,
        "averaged weights have statistics measured for each by itself": (
            spec.training.averaging.active
        ),
        "the learning rate follows the validation loss of each": schedule == "plateau",
    }
    return next((reason for reason, holds in reasons.items() if holds), "")
