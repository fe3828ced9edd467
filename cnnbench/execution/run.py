"""Running studies: hand out what is missing, store each outcome before it counts."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack, closing

from cnnbench.errors import ResultsError
from cnnbench.execution.limits import limits_of
from cnnbench.execution.work import work_of
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.device import takes_gpu
from cnnbench.planning.prepare import Prepared, RunOptions
from cnnbench.planning.study import Study
from cnnbench.plugin.executor import Event, Listener, TrialEnded
from cnnbench.results.record import Plan, Record


def run_prepared(
    prepared: Prepared, plugins: Plugins, options: RunOptions, listener: Listener
) -> None:
    """Run what is missing of every study; plugins' callbacks hear each event after the listener.

    Raises PluginError if a backend can't be opened, ResultsError if results can't be written.
    """

    def tell(event: Event) -> None:
        listener(event)
        plugins.notify(event)

    with ExitStack() as stores:
        # All folders are locked and proved writable before anything trains.
        due = [study for study in prepared.studies if _writes(study)]
        for study in due:
            stores.enter_context(study.store)
        for study in due:
            _run_study(study, plugins, options, tell)


def _writes(study: Study) -> bool:
    """Whether anything is to be written: where not, a read-only folder will do."""
    return bool(study.missing) or _stored_plan(study) != study.plan


def _run_study(study: Study, plugins: Plugins, options: RunOptions, listener: Listener) -> None:
    """Run what is missing; each outcome is on the disk before the listener hears that it ended."""
    study.store.write_plan(study.plan)
    missing = study.missing if options.force else study.still_missing()
    if not missing:
        return
    executor = plugins.executor(options.executor)
    backend = plugins.backend(study.backend)
    limits = limits_of(
        missing,
        jobs=options.jobs,
        timeout=options.timeout,
        gpu=takes_gpu(options.device, backend),
        executor=executor,
    )
    work = work_of(backend, options.device, limits)
    stored: dict[str, Record] = {}

    def tell(event: Event) -> None:
        """Of an end as it was stored."""
        if isinstance(event, TrialEnded) and event.trial.id in stored:
            outcome = dataclasses.replace(event.outcome, record=stored.pop(event.trial.id))
            event = dataclasses.replace(event, outcome=outcome)
        listener(event)

    with closing(executor.run(missing, limits, tell, work)) as outcomes:
        for outcome in outcomes:
            stored[outcome.record.trial] = study.store.append(
                outcome.record,
                history=outcome.history,
                predictions=outcome.predictions,
                rows=outcome.rows,
                labels=outcome.labels,
                environment=outcome.environment,
                failure=outcome.failure,
            )


def _stored_plan(study: Study) -> Plan | None:
    """The plan on the disk; a damaged one counts as none, as it is about to be replaced."""
    try:
        return study.store.read_plan()
    except ResultsError:
        return None
