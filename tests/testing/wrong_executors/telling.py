"""Wrong in what they hand over or tell."""

import dataclasses

import numpy as np

from cnnbench.execution.inline import InlineExecutor
from cnnbench.execution.local import LocalExecutor
from cnnbench.plugin import EpochEnded, TrialEnded, TrialStarted


class Inline(InlineExecutor):
    def changed(self, outcome):
        return outcome

    def run(self, trials, limits, listener, work):
        for outcome in super().run(trials, limits, listener, work):
            yield self.changed(outcome)


class LeavesOutTheHistory(Inline):
    def changed(self, outcome):
        return dataclasses.replace(outcome, history=())


class WidensArrays(Inline):
    def changed(self, outcome):
        return dataclasses.replace(outcome, predictions=outcome.predictions.astype(np.float64))


class KeepsNoWeights(Inline):
    def changed(self, outcome):
        return dataclasses.replace(outcome, weights=None)


class HidesFailures(Inline):
    def changed(self, outcome):
        return dataclasses.replace(outcome, failure="")


class InTheOrderGiven(LocalExecutor):
    def run(self, trials, limits, listener, work):
        done = {x.record.trial: x for x in super().run(trials, limits, listener, work)}
        yield from (done[trial.id] for trial in trials)


class OneAtATime(InlineExecutor):
    in_process = False


class Selective(InlineExecutor):
    def heard(self, event, listener):
        listener(event)

    def run(self, trials, limits, listener, work):
        return super().run(trials, limits, lambda event: self.heard(event, listener), work)


class TellsOneEpoch(Selective):
    def heard(self, event, listener):
        if not isinstance(event, EpochEnded) or event.epoch.epoch == 1:
            listener(event)


class TellsEpochsLater(Selective):
    def __init__(self):
        self.kept = []

    def heard(self, event, listener):
        if isinstance(event, EpochEnded):
            self.kept.append(event)
            return
        if isinstance(event, TrialEnded):
            for each in self.kept:
                listener(each)
        listener(event)


class TellsNoStarts(Selective):
    def heard(self, event, listener):
        if not isinstance(event, TrialStarted):
            listener(event)


class CountsSlotsFromOne(Selective):
    def heard(self, event, listener):
        listener(dataclasses.replace(event, slot=event.slot + 2))


class TellsEndsEarly(Selective):
    def run(self, trials, limits, listener, work):
        for outcome in super().run(trials, limits, listener, work):
            (trial,) = (each for each in trials if each.id == outcome.record.trial)
            listener(TrialEnded(trial, 0, outcome))
            yield outcome

    def heard(self, event, listener):
        if not isinstance(event, TrialEnded):
            listener(event)


class RunsEachOfAPieceByItself(Inline):
    def run(self, trials, limits, listener, work):
        yield from super().run(trials, limits, listener, dataclasses.replace(work, pieces=1))


class TellsAllEpochsOfTheFirst(Selective):
    first = None

    def heard(self, event, listener):
        if isinstance(event, TrialStarted) and self.first is None:
            self.first = event.trial
        if isinstance(event, EpochEnded):
            event = dataclasses.replace(event, trial=self.first)
        listener(event)
