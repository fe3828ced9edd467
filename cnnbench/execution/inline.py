"""The executor for debugging: every trial in this process, where a debugger can reach it."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Sequence

from cnnbench.errors import PluginError
from cnnbench.plugin.executor import (
    EpochEnded,
    Executor,
    Limits,
    Listener,
    Outcome,
    TrialEnded,
    TrialStarted,
    Work,
)
from cnnbench.results.record import Epoch
from cnnbench.trials.trial import Trial


class InlineExecutor(Executor):
    """One slot, no other process."""

    name = "inline"
    description = "in this very process, one trial at a time, for debugging"
    in_process = True
    stacks = True

    def run(
        self,
        trials: Sequence[Trial],
        limits: Limits,  # noqa: ARG002 - one trial at a time
        listener: Listener,
        work: Work,
    ) -> Generator[Outcome]:
        """Yield outcomes in order.

        Raises what keeps the backend from being opened, not only that it does.
        """
        os.environ.update(work.environment)
        try:
            work.open()
        except PluginError as error:
            raise error.__cause__ or error from None

        def on_epoch(trial: Trial, epoch: Epoch) -> None:
            listener(EpochEnded(trial, 0, epoch))

        for piece in work.together(trials):
            by_id = {trial.id: trial for trial in piece}
            for trial in piece:
                listener(TrialStarted(trial, 0))
            for outcome in work.run(piece, on_epoch):
                sys.stderr.write(outcome.failure)  # a traceback, for whoever debugs here
                yield outcome
                listener(TrialEnded(by_id[outcome.record.trial], 0, outcome))
