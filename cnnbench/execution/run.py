"""Running studies: hand out what is missing, store each outcome before it counts."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from cnnbench.execution.bases import with_their_bases
from cnnbench.execution.budget import Budget
from cnnbench.execution.combining import Combiner
from cnnbench.execution.limits import limits_of
from cnnbench.execution.rounds import Rounds, due_of
from cnnbench.execution.work import work_of
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.device import takes_gpu
from cnnbench.planning.prepare import Prepared, RunOptions
from cnnbench.planning.stacking import most_together, stacked
from cnnbench.planning.study import Study
from cnnbench.plugin.executor import (
    EpochEnded,
    Event,
    Executor,
    Limits,
    Listener,
    Outcome,
    Remark,
    TrialEnded,
    TrialsAdded,
    TrialStarted,
    Work,
)
from cnnbench.results.log import run_log
from cnnbench.results.record import Record, Status
from cnnbench.trials.trial import Trial

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ran:
    """trained: how many trials. cut: whether some that were due did not fit the budget."""

    trained: int
    cut: bool


def run_prepared(
    prepared: Prepared,
    plugins: Plugins,
    options: RunOptions,
    listener: Listener,
    budget: Budget | None = None,
) -> Ran:
    """Run what is due of every study; plugins' callbacks hear each event after the listener.

    Raises PluginError if a backend can't be opened, ResultsError if results can't be written.
    """
    spending = budget or Budget()

    def tell(event: Event) -> None:
        spending.hear(event)
        listener(event)
        plugins.notify(event)

    with ExitStack() as stores:
        # All folders are locked and proved writable before anything trains.
        due = zip(prepared.studies, due_of(prepared, anew=options.force), strict=True)
        studies = [x for x, it in due if it.next or x.uncombined() or x.before != x.plan]
        for study in studies:  # of the others a read-only folder will do
            stores.enter_context(study.store)
        rounds = [_run_study(x, plugins, options, tell, spending) for x in studies]
    return Ran(sum(len(x.given) for x in rounds), any(x.cut for x in rounds))


def _run_study(
    study: Study, plugins: Plugins, options: RunOptions, listener: Listener, budget: Budget
) -> Rounds:
    """Run what is due; each outcome is on the disk before the listener hears that it ended."""
    study.store.write_plan(study.plan)
    rounds = Rounds(study, budget, anew=options.force)
    combiner = Combiner(study, anew=options.force)
    executor = plugins.executor(options.executor)
    with ExitStack() as open_:
        for number, round_ in enumerate(rounds):
            if not number:
                open_.enter_context(run_log(study.store.folder, lambda x: listener(Remark(x))))
                executor = open_.enter_context(executor.session())
            if round_.added:
                LOGGER.info("%s: %s", study.store.folder, round_.look)
                listener(Remark(round_.look))
                listener(TrialsAdded(round_.added))
            with budget.measuring(study.backend):
                backend = plugins.backend(study.backend)
                stack = most_together(options.stack, backend, executor)
                pieces = len(
                    stacked(round_.whole, stack)
                )  # so that all parts have the same workers
                limits = _limits(study, pieces, executor, plugins, options)
                work = work_of(
                    backend, options.device, limits, plugins, stack, in_process=executor.in_process
                )
                ready, lost = with_their_bases(round_.trials, study.store.folder)
                for trial, status, reason in lost:
                    outcome = _ended_as(status, work.lost(trial, reason))
                    _store_lost(study, trial, outcome, listener, combiner)
                if ready:
                    _train(study, ready, executor, work, listener, combiner=combiner)
            combiner.combine()
        combiner.combine()
    return rounds


def _limits(
    study: Study, pieces: int, executor: Executor, plugins: Plugins, options: RunOptions
) -> Limits:
    """How they run: by what the whole study asks for, so that all rounds run alike."""
    backend = plugins.backend(study.backend)
    limits = limits_of(
        study.trials,
        jobs=options.jobs,
        timeout=options.timeout,
        gpu=takes_gpu(options.device, backend),
        executor=executor,
    )
    return dataclasses.replace(limits, slots=min(limits.slots, pieces))


def _train(
    study: Study,
    trials: Sequence[Trial],
    executor: Executor,
    work: Work,
    listener: Listener,
    *,
    combiner: Combiner,
) -> None:
    limits = work.limits
    stored: dict[str, Record] = {}

    def tell(event: Event) -> None:
        """Of an end as it was stored."""
        if isinstance(event, TrialEnded) and event.trial.id in stored:
            outcome = dataclasses.replace(event.outcome, record=stored.pop(event.trial.id))
            event = dataclasses.replace(event, outcome=outcome)
        _log(event)
        listener(event)

    LOGGER.info(
        "%s: %d trials on executor %s, %d at a time with %d threads each, timeout %s",
        study.store.folder,
        len(trials),
        executor.name,
        limits.slots,
        limits.threads,
        limits.timeout,
    )
    with closing(executor.run(trials, limits, tell, work)) as outcomes:
        for outcome in outcomes:
            stored[outcome.record.trial] = recorded = study.store.append(
                outcome.record,
                history=outcome.history,
                predictions=outcome.predictions,
                rows=outcome.rows,
                labels=outcome.labels,
                validation=outcome.validation,
                weights=outcome.weights,
                environment=outcome.environment,
                failure=outcome.failure,
            )
            combiner.hear(recorded)


def _ended_as(status: Status, outcome: Outcome) -> Outcome:
    record = outcome.record.model_copy(update={"status": status})
    return dataclasses.replace(outcome, record=record)


def _store_lost(
    study: Study, trial: Trial, outcome: Outcome, listener: Listener, combiner: Combiner
) -> None:
    """Record a trial that could not begin."""
    recorded = study.store.append(outcome.record)
    ended = TrialEnded(trial, 0, dataclasses.replace(outcome, record=recorded))
    for event in (TrialStarted(trial, 0), ended):
        _log(event)
        listener(event)
    combiner.hear(recorded)


def _log(event: Event) -> None:
    match event:
        case TrialStarted(trial, slot):
            LOGGER.info("trial %s (%s) given to worker %d", trial.id, trial.place, slot + 1)
        case EpochEnded(trial, _, epoch):
            LOGGER.debug("trial %s: epoch %d, loss %g", trial.id, epoch.epoch, epoch.loss)
        case TrialEnded(trial, slot, outcome):
            how = ": ".join(filter(None, (outcome.record.status, outcome.record.reason)))
            LOGGER.info("trial %s ended on worker %d, %s", trial.id, slot + 1, how)
        case Remark(text):
            LOGGER.info("%s", text)
