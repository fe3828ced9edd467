"""Where an executor runs trials: within limits, in the right surroundings, with their images."""

from __future__ import annotations

from typing import Any

from cnnbench.errors import PluginError
from cnnbench.plugin.executor import Limits, TrialStarted
from cnnbench.results.record import Status
from cnnbench.testing.executors.check import ExecutorCheck
from cnnbench.testing.executors.rig import ExecutorRig, Play
from cnnbench.testing.expect import expect, expect_equal
from cnnbench.testing.finding import Failed

_ABSENT = "0.0.0.dev0"


def slots(rig: ExecutorRig) -> None:
    """Three trials for two slots."""
    play = rig.play("lingers", "lingers", "lingers")
    most = play.notes.most_at_a_time()
    expect(most <= 2, f"{most} trials ran at a time, with limits.slots = 2")  # noqa: PLR2004


def exclusive(rig: ExecutorRig) -> None:
    """Two trials that want to be alone."""
    play = rig.play("lingers", "lingers", limits=Limits(slots=1, threads=1, exclusive=True))
    most = play.notes.most_at_a_time()
    expect(most == 1, f"{most} trials ran at a time, with limits.exclusive")


def environment(rig: ExecutorRig) -> None:
    """A variable that the work asks for."""
    _expect_well(rig.play("plain", "plain"), "set work.environment before the worker starts")


def images(rig: ExecutorRig) -> None:
    """Trials in a row with other images each; who brings none passes."""
    _expect_well(
        rig.play("plain", "plain", "plain", "plain"),
        "keep images by trial.data, or leave them to the work",
    )


def folder(rig: ExecutorRig) -> None:
    """Results are written by whoever takes the outcomes."""
    play = rig.play("plain", "plain")
    expect(
        not play.written,
        f"{', '.join(play.written)} was written into the current folder; workers write nothing, "
        "and what the executor needs belongs into a temporary folder",
    )


def opening(rig: ExecutorRig) -> None:
    """A backend that takes longer to open than a trial may."""
    rig.need_processes()
    play = rig.play("plain", limits=Limits(slots=1, threads=1, timeout=2.0), seconds=4.0)
    expect(
        play.outcome(0).record.status is Status.OK,
        "a trial timed out while the backend was being opened; call work.open() first, and count "
        f"limits.timeout from then ({play.outcome(0).record.reason})",
    )


def refusal(rig: ExecutorRig) -> None:
    """A backend that can't be opened."""
    reason = "the library of this backend is damaged"
    _expect_refused(rig, reason, refusal=reason)


def versions(rig: ExecutorRig) -> None:
    """A run whose starter has a version of cnnbench that no worker has."""
    _expect_refused(rig, _ABSENT, versions={"cnnbench": _ABSENT})


def _expect_well(play: Play, hint: str) -> None:
    for number in range(len(play.trials)):
        record = play.outcome(number).record
        expect_equal("the reason of a trial", record.reason, "", hint)


def _expect_refused(rig: ExecutorRig, reason: str, **fields: Any) -> None:
    started: list[object] = []
    try:
        rig.play(
            "plain",
            "plain",
            hear=lambda heard, _: started.append(heard) if _is_trial(heard) else None,
            **fields,
        )
    except PluginError as error:
        expect(reason in str(error), f"PluginError does not give the reason {reason!r}: {error}")
        expect(not started, "a trial was started though the work could not be opened")
        return
    raise Failed(
        "the work could not be opened, and the run went on; let PluginError out of `run`, with the "
        "reason that work.open() gave"
    )


def _is_trial(heard: object) -> bool:
    return isinstance(heard, TrialStarted)


CHECKS = (
    ExecutorCheck("slots", "no more trials run at a time than there are slots", slots),
    ExecutorCheck("exclusive", "an exclusive trial runs alone", exclusive),
    ExecutorCheck("environment", "the work's environment is set where it runs", environment),
    ExecutorCheck("images", "a trial gets its own images, if any are brought", images),
    ExecutorCheck("folder", "nothing is written into the current folder", folder),
    ExecutorCheck("opening", "what opening takes is not counted against a timeout", opening),
    ExecutorCheck("refusal", "a backend that can't be opened ends the run", refusal),
    ExecutorCheck("versions", "workers with other versions are refused", versions),
)
