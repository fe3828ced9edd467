"""What an executor hands over and tells, and when."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.plugin.executor import EpochEnded, Event, Outcome, TrialEnded, TrialStarted
from cnnbench.testing.executors.check import ExecutorCheck
from cnnbench.testing.executors.rig import ExecutorRig, Play
from cnnbench.testing.executors.stand_in import EPOCHS, epoch_of, outcome_of
from cnnbench.testing.expect import expect, expect_equal
from cnnbench.testing.finding import Failed, Unsupported


def outcomes(rig: ExecutorRig) -> None:
    """Of trials that end well, and of one that does not."""
    play = rig.play("plain", "fails", "plain")
    for number, trial in enumerate(play.trials):
        got = play.outcome(number)
        right = outcome_of(trial, "it was to fail" if trial.variant == "fails" else "")
        what = f"of a trial whose act is {trial.variant!r}"
        hint = "hand on what the work returned, changed in nothing"
        same = got.record.model_dump_json() == right.record.model_dump_json()
        expect(same, f"the record {what}: expected {right.record}, got {got.record}; {hint}")
        expect_equal(f"the history {what}", got.history, right.history, hint)
        expect_equal(f"the environment {what}", got.environment, right.environment, hint)
        kept = got.failure.startswith(right.failure) if right.failure else not got.failure
        expect(
            kept,
            f"the failure {what}: expected {right.failure!r}, with what its process printed behind "
            f"it at most, got {got.failure!r}; {hint}",
        )
        for name, theirs in _arrays(right).items():
            ours = _arrays(got).get(name)
            if ours is None or not np.array_equal(ours, theirs):
                raise Failed(f"the {name} {what} differ; {hint}")
            expect_equal(f"the type of the {name} {what}", ours.dtype, theirs.dtype, hint)


def _arrays(outcome: Outcome) -> dict[str, NDArray[Any]]:
    named = {name: getattr(outcome, name) for name in ("predictions", "rows", "labels")}
    if outcome.validation:
        validation = dataclasses.asdict(outcome.validation)
        named |= {f"{name} of validation images": array for name, array in validation.items()}
    named |= {f"weights {name}": array for name, array in (outcome.weights or {}).items()}
    return {name: array for name, array in named.items() if array is not None}


def order(rig: ExecutorRig) -> None:
    """The first trial waits until the outcome of the second is there."""
    rig.need_processes()

    def hear(heard: Event | Outcome, play: Play) -> None:
        first, second = play.trials
        if isinstance(heard, Outcome) and heard.record.trial == second.id:
            play.notes.let_go(first)

    play = rig.play("waits", "plain", hear=hear)
    reason = play.outcome(0).record.reason
    expect(
        not reason,
        "the outcome of a trial that had ended was held back until one ended that was given "
        "earlier, or both did not run at a time; yield outcomes as trials end",
    )


def epochs(rig: ExecutorRig) -> None:
    """The trial goes on when its first epoch was told."""
    play = rig.play("waits", hear=_let_go_after_an_epoch)
    expect_equal(
        "the epochs told while the trial ran",
        [epoch_of(number + 1) for number in range(EPOCHS)] if play.epochs(0) else [],
        play.epochs(0),
        "hand the work a function on_epoch and tell the listener EpochEnded",
    )
    expect(not play.outcome(0).record.reason, play.outcome(0).record.reason)


def told(rig: ExecutorRig) -> None:
    """The events of each trial, with its outcome among them."""
    play = rig.play("plain", "plain", "plain")
    _expect_told(play)
    slots = {each.slot for each in play.heard if isinstance(each, TrialStarted | TrialEnded)}
    expect(slots <= {0, 1}, f"slots are counted from 0, below limits.slots = 2; got {slots}")


def pieces(rig: ExecutorRig) -> None:
    """Two of three trials are one piece of work; their epochs come by turns."""
    if not rig.executor.stacks:
        raise Unsupported("it hands out single trials")
    play = rig.play("plain", "plain", "plain", pieces=2)
    expect_equal(
        "the trials that were run as one",
        play.notes.pieces(),
        [[trial.id for trial in play.trials[:2]]],
        "hand each piece of work.together(trials) to work.run, all of it at once",
    )
    _expect_told(play)
    for number, trial in enumerate(play.trials):
        right = outcome_of(trial)
        same = play.outcome(number).record.model_dump_json() == right.record.model_dump_json()
        expect(same, f"the record of trial {number + 1} is not what the work yielded for it")
        expect_equal(
            f"the epochs told of trial {number + 1}",
            tuple(play.epochs(number)),
            right.history,
            "on_epoch is told which trial an epoch is of",
        )


def _expect_told(play: Play) -> None:
    for number, trial in enumerate(play.trials):
        kinds = [
            type(each)
            for each in play.heard
            if (isinstance(each, Outcome) and each.record.trial == trial.id)
            or (isinstance(each, TrialStarted | EpochEnded | TrialEnded) and each.trial == trial)
        ]
        right = [TrialStarted, *[EpochEnded] * EPOCHS, Outcome, TrialEnded]
        expect_equal(
            f"what was heard of trial {number + 1}",
            [kind.__name__ for kind in kinds],
            [kind.__name__ for kind in right],
            "tell TrialStarted first, and TrialEnded only when the generator is resumed: the "
            "outcome is on the disk then",
        )


def _let_go_after_an_epoch(heard: Event | Outcome, play: Play) -> None:
    if isinstance(heard, EpochEnded):
        play.notes.let_go(heard.trial)


CHECKS = (
    ExecutorCheck("outcomes", "each trial's outcome arrives as the work returned it", outcomes),
    ExecutorCheck("order", "an outcome is handed over as soon as its trial ends", order),
    ExecutorCheck("epochs", "an epoch is told while its trial still runs", epochs),
    ExecutorCheck("told", "start, epochs, outcome and end are told in this order", told),
    ExecutorCheck("pieces", "trials that the work puts together are run as one", pieces),
)
