"""The default executor: warm worker processes on this machine, one a slot."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnnbench.errors import PluginError
from cnnbench.execution.process import OPENING_LIMIT, Inbox, WorkerProcess, hung_opening
from cnnbench.execution.protocol import unpack_outcome
from cnnbench.plugin.executor import (
    EpochEnded,
    Executor,
    Limits,
    Listener,
    Outcome,
    TrialEnded,
    TrialStarted,
)
from cnnbench.plugin.manager import load_plugins
from cnnbench.plugin.plugins import Plugins
from cnnbench.results.record import Beside, Epoch, Status
from cnnbench.training.trial import blank_record
from cnnbench.trials.trial import Trial

_STARTS_WITHOUT_A_TRIAL = 3
"""A worker that dies this often before its first trial will not come up at all."""


@dataclass(slots=True)
class _Running:
    """A trial on a worker. since: monotonic seconds; history: the epochs heard of."""

    trial: Trial
    since: float
    history: list[Epoch] = field(default_factory=list)


class LocalExecutor(Executor):
    """Each worker imports its framework once; one that dies or overruns is replaced."""

    name = "local"
    description = "warm worker processes on this machine"

    def run(
        self, trials: Sequence[Trial], limits: Limits, listener: Listener
    ) -> Generator[Outcome]:
        """Yield outcomes as they come. Raises PluginError if the backend can't be opened."""
        pool = _Pool(load_plugins(), trials, limits, listener)
        try:
            yield from pool.outcomes()
        finally:
            pool.stop()


class _Pool:
    """The state of one run: which worker has which trial since when, and what is left."""

    def __init__(
        self, plugins: Plugins, trials: Sequence[Trial], limits: Limits, listener: Listener
    ) -> None:
        self._limits = limits
        self._listener = listener
        self._waiting = deque(trials)
        self._inbox: Inbox = queue.SimpleQueue()
        self._running: dict[WorkerProcess, _Running] = {}
        self._opening: dict[WorkerProcess, float] = {}
        self._workers: set[WorkerProcess] = set()
        self._stillborn = 0
        self._backend = plugins.backend(trials[0].backend)
        self._device = trials[0].device

    def outcomes(self) -> Iterator[Outcome]:
        for slot in range(min(self._limits.slots, len(self._waiting))):
            self._start(slot)
        while self._waiting or self._running:
            try:
                worker, message = self._inbox.get(timeout=self._patience())
            except queue.Empty:
                yield from self._overdue()
                continue
            if worker not in self._workers:
                continue  # killed earlier; this is what it said before
            if message is None:
                yield from self._died(worker)
            else:
                yield from self._heard(worker, message)

    def stop(self) -> None:
        for worker in self._workers:
            worker.kill()

    def _start(self, slot: int) -> None:
        environment = self._backend.environment(self._device, self._limits.threads)
        worker = WorkerProcess(
            slot, self._backend.name, self._device, self._limits, environment, inbox=self._inbox
        )
        self._workers.add(worker)
        self._opening[worker] = time.monotonic()

    def _heard(self, worker: WorkerProcess, message: dict[str, Any]) -> Iterator[Outcome]:
        kind = message.pop("kind")
        if kind == "refused":
            raise PluginError(message["reason"])
        if kind == "ready":
            del self._opening[worker]
            self._stillborn = 0
            self._give(worker)
        elif kind == "epoch":
            running = self._running[worker]
            running.history.append(Epoch.model_validate(message["epoch"]))
            self._listener(EpochEnded(running.trial, worker.slot, running.history[-1]))
        elif kind == "outcome":
            trial = self._running.pop(worker).trial
            outcome = unpack_outcome(message)
            # First the next trial, so that the worker does not idle while this one is stored.
            self._give(worker)
            yield outcome
            self._listener(TrialEnded(trial, worker.slot, outcome))

    def _give(self, worker: WorkerProcess) -> None:
        if not self._waiting:
            return
        trial = self._waiting.popleft()
        self._running[worker] = _Running(trial, time.monotonic())
        worker.give(trial)
        self._listener(TrialStarted(trial, worker.slot))

    def _died(self, worker: WorkerProcess) -> Iterator[Outcome]:
        words = worker.last_words()
        if worker in self._running:
            yield from self._lose(worker, Status.FAILED, f"the worker process died: {words}")
        elif worker in self._opening:
            self._stillborn += 1
            if self._stillborn >= _STARTS_WITHOUT_A_TRIAL:
                raise PluginError(
                    f"workers for backend {self._backend.name} die before their first trial "
                    f"({words}); try --executor inline to see the whole error"
                )
        self._replace(worker)

    def _overdue(self) -> Iterator[Outcome]:
        now = time.monotonic()
        for worker in [x for x, since in self._opening.items() if now - since >= OPENING_LIMIT]:
            if not self._running:
                raise hung_opening(self._backend)
            worker.kill()
            self._replace(worker)
        limit = self._limits.timeout
        if limit is None:
            return
        late = [worker for worker, it in self._running.items() if now - it.since >= limit]
        for worker in late:
            worker.kill()
            yield from self._lose(worker, Status.TIMEOUT, f"took longer than {limit:g} s")
            self._replace(worker)

    def _lose(self, worker: WorkerProcess, status: Status, reason: str) -> Iterator[Outcome]:
        running = self._running.pop(worker)
        beside = Beside(
            slots=self._limits.slots,
            threads=self._limits.threads,
            exclusive=self._limits.exclusive,
        )
        started = time.time() - (time.monotonic() - running.since)
        record = blank_record(running.trial, status, reason, beside, started)
        record = record.model_copy(update={"epochs": len(running.history) or None})
        outcome = Outcome(record, tuple(running.history))
        yield outcome
        self._listener(TrialEnded(running.trial, worker.slot, outcome))

    def _replace(self, worker: WorkerProcess) -> None:
        self._workers.remove(worker)
        self._opening.pop(worker, None)
        if self._waiting:
            self._start(worker.slot)

    def _patience(self) -> float | None:
        """Seconds until the first worker or trial is overdue, None if none can be."""
        ends = [since + OPENING_LIMIT for since in self._opening.values()]
        if self._limits.timeout is not None:
            ends += [it.since + self._limits.timeout for it in self._running.values()]
        if not ends:
            return None
        return min(max(0.0, min(ends) - time.monotonic()), threading.TIMEOUT_MAX)
