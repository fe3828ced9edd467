"""The default executor: warm worker processes on this machine, one a slot."""

from __future__ import annotations

import logging
import queue
import time
from collections import Counter, defaultdict, deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cnnbench.errors import PluginError
from cnnbench.execution.clock import Clock
from cnnbench.execution.opening import SLOW_OPENING, hung, open_worker, opening_limit
from cnnbench.execution.process import Inbox, WorkerProcess
from cnnbench.execution.protocol import unpack_outcome
from cnnbench.plugin.executor import (
    EpochEnded,
    Executor,
    Limits,
    Listener,
    Outcome,
    Remark,
    TrialEnded,
    TrialStarted,
    Work,
)
from cnnbench.results.record import Epoch
from cnnbench.trials.trial import Trial

LOGGER = logging.getLogger(__name__)

_STARTS = 3
"""A slot whose worker fails to start this often in a row is given up."""
_LAST_OUTPUT = 16 * 1024
"""Bytes of a worker's output that are kept with a failure."""
_TICK = 1.0
"""Seconds between looks at what is overdue."""


@dataclass(slots=True)
class _Running:
    """A piece of work on a worker: a trial, or several that are run as one.

    trials: those that have not ended, by id. count: of all. since: on the pool's clock. history:
    the epochs heard of.
    """

    trials: dict[str, Trial]
    count: int
    since: float
    started: float = field(default_factory=time.time)
    history: dict[str, list[Epoch]] = field(default_factory=lambda: defaultdict(list))


@dataclass(slots=True)
class _Opening:
    """A worker on its way. since: on the pool's clock; told: whether a user knows that it waits."""

    since: float
    told: bool = False


class LocalExecutor(Executor):
    """Each worker imports its framework once; one that dies or overruns is replaced."""

    name = "local"
    description = "warm worker processes on this machine"
    stacks = True

    def run(
        self, trials: Sequence[Trial], limits: Limits, listener: Listener, work: Work
    ) -> Generator[Outcome]:
        """Yield outcomes as they come. Raises PluginError if the backend can't be opened."""
        pool = _Pool(limits, work)
        try:
            yield from pool.outcomes(trials, listener)
        finally:
            pool.stop()

    @contextmanager
    def session(self) -> Iterator[Executor]:
        """Runs with the same limits and work have the same workers."""
        kept = _KeepingExecutor()
        try:
            yield kept
        finally:
            kept.stop()


class _KeepingExecutor(LocalExecutor):
    """Keeps the workers of a run that went well for the next one."""

    def __init__(self) -> None:
        self._kept: tuple[Limits, Work, _Pool] | None = None

    def run(
        self, trials: Sequence[Trial], limits: Limits, listener: Listener, work: Work
    ) -> Generator[Outcome]:
        if self._kept is None or self._kept[:2] != (limits, work):
            self.stop()
            self._kept = limits, work, _Pool(limits, work)
        try:
            yield from self._kept[2].outcomes(trials, listener)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._kept is not None:
            self._kept[2].stop()
        self._kept = None


class _Pool:
    """The state of some workers: which has which trial since when, and what is left."""

    def __init__(self, limits: Limits, work: Work) -> None:
        self._limits = limits
        self._listener: Listener = lambda _: None
        self._waiting: deque[tuple[Trial, ...]] = deque()
        self._inbox: Inbox = queue.SimpleQueue()
        self._slots: dict[WorkerProcess, int] = {}
        self._opening: dict[WorkerProcess, _Opening] = {}
        self._running: dict[WorkerProcess, _Running] = {}
        self._failed_starts: Counter[int] = Counter()
        self._opened = False
        self._given_up: list[str] = []
        self._clock = Clock(_TICK)
        self._work = work

    def outcomes(self, trials: Sequence[Trial], listener: Listener) -> Iterator[Outcome]:
        self._listener = listener
        self._forget_dead()
        self._failed_starts.clear()
        self._waiting.extend(self._work.together(trials))
        for worker in [x for x in self._slots if x not in self._opening]:
            self._give(worker)
        free = [x for x in range(self._limits.slots) if x not in self._slots.values()]
        for slot in free[: len(self._waiting)]:
            self._start(slot)
        while self._waiting or self._running:
            try:
                worker, message = self._inbox.get(timeout=self._patience())
            except queue.Empty:
                pass
            else:
                if worker in self._slots:  # else killed earlier; this is what it said before
                    yield from (
                        self._died(worker) if message is None else self._heard(worker, message)
                    )
            yield from self._overdue()

    def _forget_dead(self) -> None:
        """Those that died while they had nothing to do cost no trial."""
        for worker in [x for x in self._slots if not x.alive]:
            LOGGER.info("worker %d died while it waited", self._slots[worker] + 1)
            self._opening.pop(worker, None)
            del self._slots[worker]

    def stop(self) -> None:
        for worker in self._slots:
            worker.kill()

    def _start(self, slot: int) -> None:
        try:
            worker = open_worker(self._work, self._inbox)
        except OSError as error:
            self._fail_start(slot, f"no process can be started: {error.strerror or error}")
            return
        LOGGER.info("worker %d is being opened for %s", slot + 1, self._work.backend)
        self._slots[worker] = slot
        self._opening[worker] = _Opening(self._clock.read())

    def _heard(self, worker: WorkerProcess, message: dict[str, Any]) -> Iterator[Outcome]:
        running = self._running.get(worker)
        match message:
            case {"kind": "refused", "reason": str(reason)} if worker in self._opening:
                self._refused(worker, reason)
            case {"kind": "waiting", "text": str(text)} if worker in self._opening:
                self._opening[worker].told = True
                self._listener(Remark(text))
            case {"kind": "ready"} if worker in self._opening:
                seconds = self._clock.read() - self._opening.pop(worker).since
                LOGGER.info("worker %d is ready after %.1f s", self._slots[worker] + 1, seconds)
                self._failed_starts[self._slots[worker]] = 0
                self._opened = True
                self._tell_given_up()
                self._give(worker)
            case {"kind": "epoch", "trial": str(name), "epoch": content} if running:
                try:
                    trial, epoch = running.trials[name], Epoch.model_validate(content)
                except (ValueError, KeyError) as error:
                    worker.kill(error)
                    return
                running.history[name].append(epoch)
                self._listener(EpochEnded(trial, self._slots[worker], epoch))
            case {"kind": "outcome"} if running:
                yield from self._ended(worker, running, message)
            case _:
                worker.kill(f"{message['kind']!r} out of turn")  # its death is heard of next

    def _ended(
        self, worker: WorkerProcess, running: _Running, message: dict[str, Any]
    ) -> Iterator[Outcome]:
        try:
            outcome = unpack_outcome(message)
            if outcome.record.trial not in running.trials:
                raise ValueError(f"an outcome of trial {outcome.record.trial}")  # noqa: TRY301
        except (ValueError, KeyError, TypeError) as error:
            worker.kill(error)
            return
        trial = running.trials.pop(outcome.record.trial)
        if outcome.failure:
            outcome = outcome.with_output(worker.log(_LAST_OUTPUT))
        if not running.trials:
            # First the next one, so that the worker does not idle while this is stored.
            del self._running[worker]
            self._give(worker)
        yield outcome
        self._listener(TrialEnded(trial, self._slots[worker], outcome))

    def _give(self, worker: WorkerProcess) -> None:
        if not self._waiting:
            return
        piece = self._waiting.popleft()
        trials = {trial.id: trial for trial in piece}
        self._running[worker] = _Running(trials, len(piece), self._clock.read())
        worker.send("trials", trials=[trial.model_dump_json() for trial in piece])
        for trial in piece:
            self._listener(TrialStarted(trial, self._slots[worker]))

    def _died(self, worker: WorkerProcess) -> Iterator[Outcome]:
        words = worker.last_words()
        LOGGER.info("worker %d died: %s", self._slots[worker] + 1, words)
        if worker in self._running:
            yield from self._lose(worker, f"the worker process died: {words}")
        slot = self._slots.pop(worker)
        if self._opening.pop(worker, None):
            self._fail_start(slot, f"they die before their first trial ({words})")
        elif self._waiting:
            self._start(slot)

    def _refused(self, worker: WorkerProcess, reason: str) -> None:
        """Not tried again, as it would be the same; but what others train is not thrown away."""
        worker.kill()
        del self._opening[worker]
        del self._slots[worker]
        self._give_up(reason)

    def _fail_start(self, slot: int, why: str) -> None:
        self._failed_starts[slot] += 1
        if self._failed_starts[slot] >= _STARTS:
            hint = "; try --executor inline to see the whole error"
            self._give_up(f"workers for backend {self._work.backend} don't come up: {why}{hint}")
        elif self._waiting:
            self._start(slot)

    def _give_up(self, why: str) -> None:
        """Go on with one slot less. Raises PluginError if it was the last."""
        if not self._slots and self._waiting:
            raise PluginError(why)
        LOGGER.info("one worker less, as %s", why)
        self._given_up.append(why)
        if self._opened:
            self._tell_given_up()

    def _tell_given_up(self) -> None:
        """Not before any worker has come up: while none has, the error will say it."""
        for why in self._given_up:
            self._listener(Remark(f"one worker less, as {why}"))
        self._given_up.clear()

    def _overdue(self) -> Iterator[Outcome]:
        now = self._clock.read()
        limit = opening_limit(self._limits)
        for worker, opening in list(self._opening.items()):
            if now - opening.since >= limit:
                worker.kill()
                del self._opening[worker], self._slots[worker]
                self._give_up(hung(self._work.backend, limit))
            elif now - opening.since >= SLOW_OPENING and not self._told_of_opening():
                opening.told = True
                self._listener(
                    Remark(
                        f"waiting for backend {self._work.backend}, which is being opened; "
                        f"it may take up to {limit:g} s"
                    )
                )
        allowed = self._limits.timeout
        if allowed is None:
            return
        for worker, running in list(self._running.items()):
            most = allowed * running.count
            if now - running.since < most:
                continue
            worker.kill()
            yield from self._lose(worker, f"took longer than {most:g} s", timeout=True)
            slot = self._slots.pop(worker)
            if self._waiting:
                self._start(slot)

    def _told_of_opening(self) -> bool:
        """Once for all that are opened together, as it is one backend."""
        return any(opening.told for opening in self._opening.values())

    def _lose(
        self, worker: WorkerProcess, reason: str, *, timeout: bool = False
    ) -> Iterator[Outcome]:
        running = self._running.pop(worker)
        for name, trial in running.trials.items():
            outcome = self._work.lost(
                trial,
                reason,
                timeout=timeout,
                history=running.history[name],
                started=running.started,
                output=worker.log(_LAST_OUTPUT),
            )
            yield outcome
            self._listener(TrialEnded(trial, self._slots[worker], outcome))

    def _patience(self) -> float | None:
        """Seconds until the next look at the clock, None if nothing can be overdue."""
        if not self._opening and self._limits.timeout is None:
            return None
        return min(_TICK, self._limits.timeout or _TICK)
