"""Executors that are wrong in one thing, each with the check that is meant for it."""

from __future__ import annotations

from dataclasses import dataclass

from cnnbench.plugin import Executor
from wrong_executors import ending, limiting, telling


@dataclass(frozen=True)
class WrongExecutor:
    """caught_by: the check. says: words of what it says."""

    executor: type[Executor]
    caught_by: str
    says: str

    def __str__(self):
        return f"{self.executor.__name__}-{self.caught_by}"


WRONG_EXECUTORS = [
    WrongExecutor(telling.LeavesOutTheHistory, "outcomes", "the history of a trial whose act is"),
    WrongExecutor(telling.WidensArrays, "outcomes", "the type of the predictions"),
    WrongExecutor(telling.KeepsNoWeights, "outcomes", "the weights dense_1/kernel of a trial"),
    WrongExecutor(telling.HidesFailures, "outcomes", "the failure of a trial whose act is 'fails'"),
    WrongExecutor(telling.InTheOrderGiven, "order", "was held back"),
    WrongExecutor(telling.OneAtATime, "order", "did not run at a time"),
    WrongExecutor(telling.TellsEpochsLater, "epochs", "nobody heard of its first epoch"),
    WrongExecutor(telling.TellsOneEpoch, "epochs", "the epochs told while the trial ran"),
    WrongExecutor(telling.TellsEndsEarly, "told", "only when the generator is resumed"),
    WrongExecutor(telling.TellsNoStarts, "told", "tell TrialStarted first"),
    WrongExecutor(telling.CountsSlotsFromOne, "told", "slots are counted from 0"),
    WrongExecutor(telling.RunsEachOfAPieceByItself, "pieces", "all of it at once"),
    WrongExecutor(telling.TellsAllEpochsOfTheFirst, "pieces", "what was heard of trial 1"),
    WrongExecutor(limiting.AllAtOnce, "slots", "3 trials ran at a time"),
    WrongExecutor(limiting.NeverAlone, "exclusive", "2 trials ran at a time"),
    WrongExecutor(
        limiting.BareProcesses, "environment", "CNNBENCH_STAND_IN is None in its process"
    ),
    WrongExecutor(limiting.SameImagesForAll, "images", "the images of another trial"),
    WrongExecutor(limiting.WritesRecords, "folder", "records.jsonl was written"),
    WrongExecutor(limiting.CountsOpening, "opening", "while the backend was being opened"),
    WrongExecutor(limiting.LosesAllWithoutBackend, "refusal", "and the run went on"),
    WrongExecutor(limiting.SwallowsTheReason, "refusal", "does not give the reason"),
    WrongExecutor(limiting.TakesAnyVersion, "versions", "and the run went on"),
    WrongExecutor(ending.GivesUpWithItsWorker, "worker-dies", "of trial 2"),
    WrongExecutor(ending.ForgetsEpochs, "worker-dies", "the history of a lost trial"),
    WrongExecutor(ending.WaitsForever, "timeout", "did not end within"),
    WrongExecutor(ending.CallsItAFailure, "timeout", "the status of a lost trial"),
    WrongExecutor(ending.LeavesWorkers, "processes", "still run"),
    WrongExecutor(ending.LeavesWorkers, "close", "still run"),
    WrongExecutor(ending.GoesOnAfterCtrlC, "interrupt", "let KeyboardInterrupt through"),
]
