"""Wrong in where, or within which limits, they run trials."""

import dataclasses
import time
from pathlib import Path

from cnnbench.errors import PluginError
from cnnbench.execution.inline import InlineExecutor
from cnnbench.execution.local import LocalExecutor
from cnnbench.plugin import Executor, TrialEnded, TrialStarted


class AllAtOnce(LocalExecutor):
    def run(self, trials, limits, listener, work):
        all_of_them = dataclasses.replace(limits, slots=len(trials))
        return super().run(trials, all_of_them, listener, work)


class NeverAlone(LocalExecutor):
    def run(self, trials, limits, listener, work):
        return super().run(trials, dataclasses.replace(limits, slots=2), listener, work)


class Changed(InlineExecutor):
    """Asks something else of the work."""

    def changed(self, work):
        return work

    def run(self, trials, limits, listener, work):
        return super().run(trials, limits, listener, self.changed(work))


class BareProcesses(Changed):
    def run(self, trials, limits, listener, work):
        for trial in trials:
            listener(TrialStarted(trial, 0))
            yield work(trial)


class SameImagesForAll(Executor):
    name = "same"

    def run(self, trials, limits, listener, work):
        import os

        os.environ.update(work.environment)
        images = work.images(trials[0])
        for trial in trials:
            yield work(trial, None, images)


class WritesRecords(InlineExecutor):
    def run(self, trials, limits, listener, work):
        for outcome in super().run(trials, limits, listener, work):
            Path("records.jsonl").write_text(outcome.record.model_dump_json())
            yield outcome


class CountsOpening(Executor):
    name = "hasty"

    def run(self, trials, limits, listener, work):
        for trial in trials:
            begun = time.monotonic()
            outcome = work(trial)
            if time.monotonic() - begun > limits.timeout:
                outcome = work.lost(trial, "took too long", timeout=True)
            yield outcome


class LosesAllWithoutBackend(Executor):
    name = "patient"

    def run(self, trials, limits, listener, work):
        for trial in trials:
            try:
                outcome = work(trial)
            except PluginError as error:
                outcome = work.lost(trial, str(error))
            yield outcome
            listener(TrialEnded(trial, 0, outcome))


class SwallowsTheReason(Executor):
    name = "terse"

    def run(self, trials, limits, listener, work):
        try:
            work.open()
        except PluginError:
            raise PluginError("no worker came up") from None
        yield from map(work, trials)


class TakesAnyVersion(Changed):
    def changed(self, work):
        return dataclasses.replace(work, versions={})
