"""The executor for debugging: every trial in this process, where a debugger can reach it."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence

from cnnbench.execution.bench import Bench
from cnnbench.loading.manager import load_plugins
from cnnbench.plugin.executor import (
    EpochEnded,
    Executor,
    Limits,
    Listener,
    Outcome,
    TrialEnded,
    TrialStarted,
)
from cnnbench.results.record import Epoch
from cnnbench.trials.trial import Trial


class InlineExecutor(Executor):
    """One slot, no other process."""

    name = "inline"
    description = "in this very process, one trial at a time, for debugging"
    in_process = True

    def run(
        self, trials: Sequence[Trial], limits: Limits, listener: Listener
    ) -> Generator[Outcome]:
        """Yield outcomes in order. Raises PluginError if the backend can't be opened."""
        plugins = load_plugins()
        backend, device = plugins.backend(trials[0].backend), trials[0].device
        os.environ.update(backend.environment(device, limits.threads))
        bench = Bench(plugins, backend.name, device, limits)
        for trial in trials:
            listener(TrialStarted(trial, 0))

            def on_epoch(epoch: Epoch, trial: Trial = trial) -> None:
                listener(EpochEnded(trial, 0, epoch))

            outcome = bench.run(trial, on_epoch)
            yield outcome
            listener(TrialEnded(trial, 0, outcome))
