"""The jobs of one run: which trial each has, and what it said so far."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs
import submitit

from cnnbench.plugin import (
    Epoch,
    EpochEnded,
    Limits,
    Listener,
    Outcome,
    PluginError,
    Trial,
    TrialEnded,
    TrialStarted,
    Work,
)
from cnnbench_submitit._messages import Messages, train

FOLDER = "CNNBENCH_SUBMITIT_FOLDER"
"""Environment variable: a folder that all machines see; else one in the user's cache."""
PARAMETERS = "CNNBENCH_SUBMITIT"
"""Environment variable: parameters of submitit, such as slurm_partition=gpu,timeout_min=240."""
_DAY = 24 * 60
_TICK = 0.2
_GRACE = 10.0
"""Seconds that a file may take to be seen from another machine."""
_FAREWELL = 5.0
"""Seconds that jobs have to end themselves."""


@dataclass
class _Job:
    trial: Trial
    slot: int
    handle: Any
    messages: Messages
    since: float = math.inf
    started: float | None = None
    ended: float | None = None
    history: list[Epoch] = field(default_factory=list)


class Jobs:
    """Submit a job for each trial, as many at a time as there are slots; `close` ends them."""

    def __init__(
        self,
        cluster: str,
        trials: Sequence[Trial],
        limits: Limits,
        listener: Listener,
        work: Work,
    ) -> None:
        self._waiting = deque(trials)
        self._limits = limits
        self._listener = listener
        self._work = work
        self._running: dict[int, _Job] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="jobs-", dir=_shared_folder()))
        try:
            self._submitter = _submitter(self._folder, cluster, limits, work)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def outcomes(self) -> Iterator[Outcome]:
        """Of all trials, as their jobs end. Raises PluginError."""
        while self._waiting or self._running:
            for slot in set(range(self._limits.slots)) - self._running.keys():
                if self._waiting:
                    self._running[slot] = self._submitted(self._waiting.popleft(), slot)
            for slot, job in list(self._running.items()):
                if outcome := self._hear(job):
                    self._stop([self._running.pop(slot)])
                    yield outcome
                    self._listener(TrialEnded(job.trial, slot, outcome))
            time.sleep(_TICK)

    def close(self) -> None:
        """End what still runs, and leave no file."""
        self._stop([*self._running.values()])
        shutil.rmtree(self._folder, ignore_errors=True)

    def _submitted(self, trial: Trial, slot: int) -> _Job:
        folder = Path(tempfile.mkdtemp(prefix="trial-", dir=self._folder))
        try:
            with _environment(self._work.environment):
                handle = self._submitter.submit(train, self._work, trial, str(folder))
        except Exception as error:
            raise PluginError(f"no job can be submitted: {error}") from error
        return _Job(trial, slot, handle, Messages(folder))

    def _hear(self, job: _Job) -> Outcome | None:
        """The outcome, if the job has ended or has to."""
        if job.ended is None and job.handle.done():
            job.ended = time.monotonic()
        for said in job.messages.new():
            match said:
                case PluginError():
                    raise said
                case Outcome():
                    return said.with_output(_output(job)) if said.failure else said
                case Epoch():
                    job.history.append(said)
                    self._listener(EpochEnded(job.trial, job.slot, said))
                case _:
                    job.since, job.started = time.monotonic(), time.time()
                    self._listener(TrialStarted(job.trial, job.slot))
        now = time.monotonic()
        grace = 0.0 if self._submitter.cluster == "local" else _GRACE
        if job.ended is not None and now - job.ended >= grace:
            return self._lost(job, f"job {job.handle.job_id} ended without an outcome")
        allowed = self._limits.timeout
        if allowed is not None and now - job.since >= allowed:
            return self._lost(job, f"took longer than {allowed:g} s", timeout=True)
        return None

    def _lost(self, job: _Job, reason: str, *, timeout: bool = False) -> Outcome:
        return self._work.lost(
            job.trial,
            reason,
            timeout=timeout,
            history=job.history,
            started=job.started,
            output=_output(job),
        )

    def _stop(self, jobs: Sequence[_Job]) -> None:
        """Let jobs end themselves, and cancel those that do not, or have not begun."""
        for job in jobs:
            job.messages.stop()
            if self._submitter.cluster != "local":
                job.handle.cancel(check=False)
        until = time.monotonic() + _FAREWELL
        while any(not job.handle.done() for job in jobs) and time.monotonic() < until:
            time.sleep(_TICK / 10)
        for job in jobs:
            if not job.handle.done():
                job.handle.cancel(check=False)


def _output(job: _Job) -> str:
    """What it printed so far."""
    return "\n".join(filter(None, (job.handle.stdout(), job.handle.stderr())))


def _submitter(folder: Path, cluster: str, limits: Limits, work: Work) -> submitit.AutoExecutor:
    try:
        made = submitit.AutoExecutor(folder=folder / "log", cluster=cluster or None)
        asked: dict[str, Any] = {
            "name": f"cnnbench-{work.backend}",
            "cpus_per_task": limits.threads,
            "gpus_per_node": int(limits.gpu),
            "timeout_min": _DAY,
        }
        if made.cluster == "slurm":
            exports = [f"export {name}={value!r}" for name, value in work.environment.items()]
            asked |= {"slurm_setup": exports}
            if limits.exclusive:
                asked |= {"slurm_additional_parameters": {"exclusive": True}}
        made.update_parameters(**asked | _parameters())
    except Exception as error:
        raise PluginError(f"submitit can't be used as asked for: {error}") from error
    return made


def _parameters() -> dict[str, Any]:
    """Those of the environment variable. Raises ValueError."""
    found: dict[str, Any] = {}
    for each in filter(None, os.environ.get(PARAMETERS, "").split(",")):
        name, equals, value = each.partition("=")
        if not equals:
            raise ValueError(f"{PARAMETERS} has {each!r}, expected NAME=VALUE,NAME=VALUE")
        found[name.strip()] = int(value) if value.strip().isdecimal() else value.strip()
    return found


def _shared_folder() -> Path:
    given = os.environ.get(FOLDER)
    folder = Path(given) if given else Path(platformdirs.user_cache_dir("cnnbench")) / "submitit"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PluginError(
            f"jobs can't be kept in {folder}: {error.strerror}; set {FOLDER} to another folder "
            "that all machines see"
        ) from error
    return folder


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """With these set, as a job starts with the environment that it was submitted in."""
    former = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
