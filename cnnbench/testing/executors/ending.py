"""What becomes of trials and processes where something ends too early, or too late."""

from __future__ import annotations

import threading
import time

from cnnbench.plugin.executor import EpochEnded, Event, Limits, Outcome
from cnnbench.results.record import Status
from cnnbench.testing.executors.check import ExecutorCheck
from cnnbench.testing.executors.rig import ExecutorRig, Play, interrupt
from cnnbench.testing.expect import expect, expect_equal
from cnnbench.testing.finding import Failed

_TIMEOUT = 3.0
_LATER = 0.3
"""Seconds after which an executor waits again, whatever it did."""


def worker_dies(rig: ExecutorRig) -> None:
    """One trial kills its process, others follow on the same slot."""
    rig.need_processes()

    def hear(heard: Event | Outcome, play: Play) -> None:
        if isinstance(heard, EpochEnded):
            play.notes.let_go(heard.trial)

    play = rig.play("dies", "plain", "plain", limits=Limits(slots=1, threads=1), hear=hear)
    _expect_lost(play, Status.FAILED)
    rig.expect_processes_gone(play)


def timeout(rig: ExecutorRig) -> None:
    """One trial never ends, others follow on the same slot."""
    rig.need_processes()
    play = rig.play("hangs", "plain", limits=Limits(slots=1, threads=1, timeout=_TIMEOUT))
    _expect_lost(play, Status.TIMEOUT)
    rig.expect_processes_gone(play)


def close(rig: ExecutorRig) -> None:
    """The generator is closed after the first outcome."""
    second = "plain" if rig.executor.in_process else "hangs"
    play = rig.play("plain", second, second, outcomes=1)
    came = sum(isinstance(heard, Outcome) for heard in play.heard)
    expect_equal("the number of outcomes of a run that was closed after one", came, 1, "stop there")
    rig.expect_processes_gone(play)


def interrupted(rig: ExecutorRig) -> None:
    """Ctrl-C while trials run."""
    plays: list[Play] = []

    def strike() -> None:
        until = time.monotonic() + rig.patience / 2
        while not (plays and plays[0].notes.processes()):
            if time.monotonic() > until:
                return
            time.sleep(0.01)
        time.sleep(_LATER)
        interrupt()

    def hear(_: Event | Outcome, play: Play) -> None:
        plays.append(play)

    striking = threading.Thread(target=strike, daemon=True)
    striking.start()
    try:
        rig.play("hangs", "hangs", hear=hear)
    except KeyboardInterrupt:
        rig.expect_processes_gone(plays[0])
        return
    finally:
        striking.join()
    raise Failed("Ctrl-C did not end the run; let KeyboardInterrupt through")


def processes(rig: ExecutorRig) -> None:
    """After a run that ended by itself."""
    rig.need_processes()
    rig.expect_processes_gone(rig.play("plain", "plain", "plain"))


def _expect_lost(play: Play, status: Status) -> None:
    lost = play.outcome(0)
    expect_equal("the status of a lost trial", lost.record.status, status, "give work.lost(...)")
    expect(bool(lost.record.reason), "a lost trial has no reason; say how its worker ended")
    expect_equal(
        "the history of a lost trial",
        lost.history,
        tuple(play.epochs(0)),
        "give work.lost the epochs that were told",
    )
    for number in range(1, len(play.trials)):
        record = play.outcome(number).record
        expect_equal(
            f"the status of trial {number + 1}, beside the lost one",
            record.status,
            Status.OK,
            f"a worker that ends costs its own trial alone ({record.reason})",
        )


CHECKS = (
    ExecutorCheck("worker-dies", "a worker that dies costs its own trial alone", worker_dies),
    ExecutorCheck("timeout", "a trial that overruns is ended, and costs itself alone", timeout),
    ExecutorCheck("close", "a run that is closed ends at once, with its processes", close),
    ExecutorCheck("interrupt", "Ctrl-C ends the run and its processes", interrupted),
    ExecutorCheck("processes", "no process is left after a run", processes),
)
