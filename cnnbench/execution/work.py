"""What executors do with a trial."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from cnnbench.execution.bench import Bench
from cnnbench.loading.manager import load_plugins
from cnnbench.plugin.backend import Backend
from cnnbench.plugin.executor import Limits, Outcome, Work
from cnnbench.results.record import Beside, Epoch, Status
from cnnbench.training.trial import blank_record
from cnnbench.trials.trial import Device, Trial


@dataclass(frozen=True)
class BenchWork(Work):
    """Trains on a bench of this process, which is made once and kept."""

    def __call__(self, trial: Trial, on_epoch: Callable[[Epoch], None] | None = None) -> Outcome:
        """Run a trial; the first one opens the backend."""
        bench = _bench(self.backend, self.device, self.limits)
        return bench.run(trial, on_epoch or (lambda _: None))

    def lost(self, trial: Trial, reason: str, *, timeout: bool = False) -> Outcome:
        """A record of a trial that left nothing but the reason of its end."""
        status = Status.TIMEOUT if timeout else Status.FAILED
        beside = Beside(
            slots=self.limits.slots, threads=self.limits.threads, exclusive=self.limits.exclusive
        )
        return Outcome(blank_record(trial, status, reason, beside, started=time.time()))


def work_of(backend: Backend, device: Device, limits: Limits) -> Work:
    """The work of a backend within these limits."""
    environment = dict(backend.environment(device, limits.threads))
    return BenchWork(backend.name, device, limits, environment)


@cache
def _bench(backend: str, device: Device, limits: Limits) -> Bench:
    return Bench(load_plugins(), backend, device, limits)
