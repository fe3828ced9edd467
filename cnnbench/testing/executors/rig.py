"""Running an executor on stand-in trials, and keeping what was heard."""

from __future__ import annotations

import _thread
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psutil

from cnnbench.plugin.executor import EpochEnded, Event, Executor, Limits, Outcome
from cnnbench.results.record import Epoch
from cnnbench.testing.example import example_trial
from cnnbench.testing.executors.stand_in import Notes, StandIn, images_of
from cnnbench.testing.finding import Failed, Unsupported
from cnnbench.trials.trial import Trial

PATIENCE = 60.0
"""Seconds that a run of a few stand-in trials may take, workers included."""
GRACE = 20.0
"""Seconds after a run until its processes have to be gone."""


@dataclass
class Play:
    """One run: its trials, and all that was heard, in order; an outcome is heard when it is taken.

    written: names of what the run left in its current folder.
    """

    trials: Sequence[Trial]
    notes: Notes
    heard: list[Event | Outcome] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    def outcome(self, number: int) -> Outcome:
        """Of that trial. Raises Failed where there is none."""
        wanted = self.trials[number]
        for each in self.heard:
            if isinstance(each, Outcome) and each.record.trial == wanted.id:
                return each
        raise Failed(f"no outcome came of the trial that {wanted.variant}")

    def epochs(self, number: int) -> list[Epoch]:
        """That were told of that trial."""
        wanted = self.trials[number].id
        return [
            each.epoch
            for each in self.heard
            if isinstance(each, EpochEnded) and each.trial.id == wanted
        ]


Hear = Callable[[Event | Outcome, Play], None]


class ExecutorRig:
    """An executor to be checked. folder: for notes, empty. patience: seconds a run may take."""

    def __init__(self, executor: Executor, folder: Path, patience: float = PATIENCE) -> None:
        self.executor = executor
        self.patience = patience
        self._folder = folder
        self._numbers = count()

    def play(
        self,
        *acts: str,
        limits: Limits = Limits(slots=2, threads=1),  # noqa: B008 - frozen
        hear: Hear = lambda _heard, _play: None,
        outcomes: int | None = None,
        **fields: Any,
    ) -> Play:
        """Run a trial for each act, and close the run after so many outcomes, at the end if None.

        hear: is told of each event and each outcome. fields: of the stand-in.
        """
        scene = self._folder / str(next(self._numbers))
        current = scene / "current"
        current.mkdir(parents=True)
        work = StandIn(
            **{
                "backend": "stand-in",
                "device": "cpu",
                "limits": limits,
                "environment": {"CNNBENCH_STAND_IN": scene.name},
                "folder": str(scene),
                "patience": self.patience / 2,
                **fields,
            }
        )
        play = Play([_trial(number, act) for number, act in enumerate(acts)], work.notes)

        def listen(event: Event | Outcome) -> None:
            play.heard.append(event)
            hear(event, play)

        run = self.executor.run
        with (
            _restored(os.environ),
            chdir(current),
            self._watched(),
            closing(run(play.trials, limits, listen, work)) as taken,
        ):
            for number, outcome in enumerate(taken, 1):
                listen(outcome)
                if number == outcomes:
                    break
        play.written = sorted(path.name for path in current.iterdir())
        return play

    def need_processes(self) -> None:
        """Raise Unsupported for an executor that has none of its own."""
        if self.executor.in_process:
            raise Unsupported("it runs trials in this very process")

    def expect_processes_gone(self, play: Play) -> None:
        """Raise Failed where a process that ran a trial is left."""
        ours = {os.getpid()}
        until = time.monotonic() + min(GRACE, self.patience)
        while left := [each for each in {*play.notes.processes()} - ours if _runs(each)]:
            if time.monotonic() > until:
                raise Failed(
                    f"processes {', '.join(map(str, left))} still run; end them when the run is "
                    "over, closed or interrupted"
                )
            time.sleep(0.05)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Interrupt what does not end. Raises Failed for it."""
        hung = threading.Event()

        def give_up() -> None:
            hung.set()
            interrupt()

        timer = threading.Timer(self.patience, give_up)
        timer.daemon = True
        former = signal.signal(signal.SIGINT, signal.default_int_handler)
        timer.start()
        try:
            yield
        except KeyboardInterrupt:
            if not hung.is_set():
                raise
            raise Failed(f"the run did not end within {self.patience:g} s") from None
        finally:
            timer.cancel()
            signal.signal(signal.SIGINT, former)


def interrupt() -> None:
    """What Ctrl-C does to this process alone."""
    if os.name == "nt":
        _thread.interrupt_main()
    else:
        os.kill(os.getpid(), signal.SIGINT)


@contextmanager
def _restored(environment: os._Environ[str]) -> Iterator[None]:
    former = dict(environment)
    try:
        yield
    finally:
        environment.clear()
        environment.update(former)


def _trial(number: int, act: str) -> Trial:
    return example_trial(
        id=f"{number:016x}",
        variant=act,
        replicate=number,
        backend="stand-in",
        data=images_of(number).digest,
    )


def _runs(process: int) -> bool:
    try:
        return bool(psutil.Process(process).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
