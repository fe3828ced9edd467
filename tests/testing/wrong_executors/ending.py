"""Wrong in what becomes of trials and processes that end too early or too late."""

import dataclasses

from cnnbench.execution import local
from cnnbench.execution.local import LocalExecutor
from cnnbench.plugin import Executor, Status, TrialStarted


class GivesUpWithItsWorker(LocalExecutor):
    def run(self, trials, limits, listener, work):
        lost = False
        for outcome in super().run(trials, limits, listener, work):
            lost = lost or outcome.record.status is not Status.OK
            (trial,) = (each for each in trials if each.id == outcome.record.trial)
            yield (
                work.lost(trial, "the pool is broken", history=outcome.history) if lost else outcome
            )


class ForgetsEpochs(LocalExecutor):
    def run(self, trials, limits, listener, work):
        for outcome in super().run(trials, limits, listener, work):
            ended = outcome.record.status is Status.OK
            yield outcome if ended else dataclasses.replace(outcome, history=())


class WaitsForever(LocalExecutor):
    def run(self, trials, limits, listener, work):
        return super().run(trials, dataclasses.replace(limits, timeout=None), listener, work)


class CallsItAFailure(LocalExecutor):
    def run(self, trials, limits, listener, work):
        for outcome in super().run(trials, limits, listener, work):
            record = outcome.record
            if record.status is Status.TIMEOUT:
                record = record.model_copy(update={"status": Status.FAILED})
            yield dataclasses.replace(outcome, record=record)


LEFT = []


class LeavesWorkers(Executor):
    """The pools are kept here, as workers end by themselves when nobody holds their line."""

    name = "careless"

    def run(self, trials, limits, listener, work):
        pool = local._Pool(limits, work)
        LEFT.append(pool)
        yield from pool.outcomes(trials, listener)


class GoesOnAfterCtrlC(Executor):
    name = "deaf"

    def run(self, trials, limits, listener, work):
        interrupted = False
        for trial in trials:
            listener(TrialStarted(trial, 0))
            try:
                yield work.lost(trial, "interrupted") if interrupted else work(trial)
            except KeyboardInterrupt:
                interrupted = True
                yield work.lost(trial, "interrupted")
