"""Running studies: hand out what is missing, store each outcome before it counts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from cnnbench.errors import PluginError, ResultsError
from cnnbench.execution.study import Study, available_backend, plan_study, read_images
from cnnbench.plugin.availability import check_availability
from cnnbench.plugin.executor import Event, Limits, Listener
from cnnbench.plugin.plugins import Plugins
from cnnbench.recipe.load import load_recipe
from cnnbench.recipe.spec import Recipe
from cnnbench.results.layout import RECORDS
from cnnbench.results.read import read_records
from cnnbench.results.record import Plan, Record, Status
from cnnbench.trials.trial import Device, Trial


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run, none of which changes an outcome but `device`.

    jobs: trials at a time, one a core if None. timeout: seconds a trial may take.
    force: run recorded trials again, too.
    """

    results: Path = Path("results")
    device: Device = "auto"
    jobs: int | None = None
    executor: str = "local"
    timeout: float | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything checked before anything trains. notes: what to know about the images."""

    recipe: Recipe
    studies: tuple[Study, ...]
    notes: tuple[str, ...]

    @property
    def trials(self) -> tuple[Trial, ...]:
        """The trials of all studies."""
        return tuple(trial for study in self.studies for trial in study.trials)

    @property
    def missing(self) -> tuple[Trial, ...]:
        """The trials still to run, over all backends."""
        return tuple(trial for study in self.studies for trial in study.missing)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is damaged in the results folders."""
        return tuple(problem for study in self.studies for problem in study.problems)

    def ok_records(self, since: float = 0.0) -> list[Record]:
        """Those of `records` that ended well. since: the earliest start, seconds since 1970."""
        found = [record for record in self.records() if record.status is Status.OK]
        return [record for record in found if record.started >= since]

    def records(self) -> list[Record]:
        """The newest record of every trial that has one, read anew, in the order of the trials."""
        found = []
        for study in self.studies:
            records, _ = read_records(study.store.folder / RECORDS)
            newest = {record.trial: record for record in records}
            found += [newest[trial.id] for trial in study.trials if trial.id in newest]
        return found


def choose_backends(wanted: Sequence[str], plugins: Plugins) -> tuple[str, ...]:
    """The backends asked for, or the only one that can run here. Raises PluginError."""
    if wanted:
        return tuple(dict.fromkeys(wanted))
    able = [name for name, x in plugins.backends.items() if check_availability(x).available]
    if len(able) == 1:
        return (able[0],)
    if able:
        raise PluginError(f"choose a backend: --backend {' or --backend '.join(able)}")
    raise PluginError(
        "no backend can run here; `cnnbench plugins` lists what was found and what to install"
    )


def prepare(
    path: Path,
    backends: Sequence[str],
    plugins: Plugins,
    options: RunOptions,
    *,
    overrides: Sequence[str] = (),
    data: str | None = None,
) -> Prepared:
    """Read and check the recipe, the backends and the images; nothing trains or is written.

    Raises RecipeError, PluginError, DataError, ResultsError.
    """
    found = [available_backend(plugins, name) for name in dict.fromkeys(backends)]
    plugins.executor(options.executor)  # an unknown name is said before anything is decoded
    recipe = load_recipe(path, overrides=overrides, data=data, find_source=plugins.source)
    known, notes = read_images(recipe, plugins)
    said = (*overrides, *([f"data.source={data}"] if data else []))
    studies = tuple(
        plan_study(
            recipe,
            backend,
            options.device,
            known,
            options.results,
            overrides=said,
            force=options.force,
        )
        for backend in found
    )
    return Prepared(recipe, studies, notes)


def run_prepared(
    prepared: Prepared, plugins: Plugins, options: RunOptions, listener: Listener
) -> None:
    """Run what is missing of every study; plugins' callbacks hear each event after the listener.

    Raises PluginError if a backend can't be opened, ResultsError if results can't be written.
    """

    def tell(event: Event) -> None:
        listener(event)
        plugins.notify(event)

    for study in prepared.studies:
        run_study(study, plugins, options, tell)


def run_study(study: Study, plugins: Plugins, options: RunOptions, listener: Listener) -> None:
    """Run what is missing; each outcome is on the disk before the listener hears that it ended.

    Raises PluginError if the backend can't be opened, ResultsError if results can't be written.
    """
    missing = study.missing
    if not missing and _stored_plan(study) == study.plan:
        return  # nothing to write, so a read-only folder will do
    with study.store as store:
        store.write_plan(study.plan)
        if not missing:
            return
        executor = plugins.executor(options.executor)
        limits = limits_of(missing, options)
        with closing(executor.run(missing, limits, listener)) as outcomes:
            for outcome in outcomes:
                store.append(
                    outcome.record,
                    history=outcome.history,
                    predictions=outcome.predictions,
                    rows=outcome.rows,
                    labels=outcome.labels,
                    environment=outcome.environment,
                )


def _stored_plan(study: Study) -> Plan | None:
    """The plan on the disk; a damaged one counts as none, as it is about to be replaced."""
    try:
        return study.store.read_plan()
    except ResultsError:
        return None


def limits_of(trials: Sequence[Trial], options: RunOptions) -> Limits:
    """Slots and threads: `jobs` trials at a time, each with its share of the cores.

    By default one trial a core with one thread. A GPU and trials that ask for exclusive timing run
    one at a time with all the cores. Threads do not depend on how many trials are left, since the
    order of additions, and with it the last bits of a result, depends on the threads.
    """
    cores = usable_cores()
    exclusive = any(trial.configuration.evaluation.exclusive for trial in trials)
    if exclusive or options.device == "gpu":
        return Limits(1, cores, options.timeout, exclusive)
    jobs = options.jobs or cores
    slots = 1 if options.executor == "inline" else min(jobs, len(trials))
    return Limits(slots, max(1, cores // jobs), options.timeout)


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
