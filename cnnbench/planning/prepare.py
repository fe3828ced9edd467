"""Everything that is checked before anything trains."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import get_args

from cnnbench.data.sources.streamed import Watcher, nobody
from cnnbench.errors import OptionsError
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.arrays import arrays_of, with_arrays
from cnnbench.planning.backends import backends_meant
from cnnbench.planning.device import is_exclusive, takes_gpu
from cnnbench.planning.leaks import refuse_leaks
from cnnbench.planning.memory import refuse_large_stacks, refuse_too_large
from cnnbench.planning.stacking import most_in_a_round, most_together, stack_notes, stacked
from cnnbench.planning.study import (
    Study,
    available_backend,
    image_lines,
    plan_study,
    read_images,
)
from cnnbench.planning.variants import variants_meant
from cnnbench.plugin.backend import Backend
from cnnbench.plugin.executor import Executor
from cnnbench.recipe.load import load_recipe
from cnnbench.recipe.overrides import Overrides, override_texts
from cnnbench.recipe.spec import Recipe
from cnnbench.results.read import newest_records
from cnnbench.results.record import Record, Status
from cnnbench.trials.trial import Device, Trial

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run, none of which changes an outcome but `device`.

    jobs: trials at a time, one a core if None, and one on a GPU. timeout: seconds a trial may take.
    force: run recorded trials again, too. save_weights: keep the arrays of each trial. stack:
    replicates to train as one program where a backend can. Raises OptionsError for values that
    can't be.
    """

    results: Path = Path("results")
    device: Device = "auto"
    jobs: int | None = None
    executor: str = "local"
    timeout: float | None = None
    force: bool = False
    save_weights: bool = False
    stack: int = 1

    def __post_init__(self) -> None:
        if self.device not in (devices := get_args(Device)):
            raise OptionsError(f"device is {self.device!r}, expected {', '.join(devices)}")
        if self.jobs is not None and not (_is(self.jobs, Integral) and self.jobs >= 1):
            raise OptionsError(f"jobs is {self.jobs!r}, expected at least 1 trial at a time")
        if not (_is(self.stack, Integral) and self.stack >= 1):
            raise OptionsError(f"stack is {self.stack!r}, expected at least 1 replicate")
        if self.timeout is not None and not (
            _is(self.timeout, Real) and 0 < self.timeout < math.inf
        ):
            raise OptionsError(f"timeout is {self.timeout!r}, expected a number of seconds above 0")
        if not isinstance(self.executor, str):
            raise OptionsError(f"executor is {self.executor!r}, expected a name, e.g. 'local'")
        for name in ("force", "save_weights"):
            if not isinstance(value := getattr(self, name), bool):
                raise OptionsError(f"{name} is {value!r}, expected True or False")


def _is(value: object, kind: type) -> bool:
    """Whether a value is such a number; True and False are none."""
    return isinstance(value, kind) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything checked before anything trains.

    images: what they are, a line or more. notes: what to know of the images and the run. asked: the
    variants that were named, to be run with the baseline alone; none for all. signals: whether all
    that is classified is signals.
    """

    recipe: Recipe
    studies: tuple[Study, ...]
    notes: tuple[str, ...]
    images: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    signals: bool = False

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

    @property
    def folders(self) -> list[Path]:
        """Where the records of each study are."""
        return [study.store.folder for study in self.studies]

    @property
    def wanted(self) -> int:
        """How many records there are to be: of trials, and of ensembles that are made of them."""
        return sum(len(study.wanted) for study in self.studies)

    def ok_records(self, since: float = 0.0) -> list[Record]:
        """Those of `records` that ended well. since: the earliest start, seconds since 1970."""
        found = [record for record in self.records() if record.status is Status.OK]
        return [record for record in found if record.started >= since]

    @property
    def failed(self) -> bool:
        """Whether any trial ended otherwise than well, as its newest record says."""
        return any(record.status is not Status.OK for record in self.records())

    def records(self) -> list[Record]:
        """The newest record of every trial that has one, read anew, in the order of the trials.

        Those of ensembles that are made of trials stand behind them.

        With the variants' present names: a trial is the same whatever its variant is called.
        """
        found = []
        for study in self.studies:
            newest = newest_records(study.store.folder)
            found += [
                newest[each.id].model_copy(update={"variant": each.variant})
                for each in study.wanted
                if each.id in newest
            ]
        return found


def prepare(
    path: Path,
    backends: Sequence[str],
    plugins: Plugins,
    options: RunOptions,
    *,
    overrides: Overrides = (),
    data: str | Path | None = None,
    variants: Sequence[str] = (),
    watch: Watcher = nobody,
) -> Prepared:
    """Read and check the recipe, the backends and the images; nothing trains or is written.

    backends: by name, also several with commas between them, or all; without any, what the
    environment says, or the only one that can run here. variants: to run these and the baseline
    alone, named as backends are; the others stay part of the plan, but for those whose arrays are
    missing. watch: is told how far the decoding has come. Raises RecipeError, PluginError,
    OptionsError, DataError, ResultsError.
    """
    recipe = load_recipe(
        path,
        overrides=overrides,
        data=data,
        find_source=plugins.source,
        bases=plugins.offered_bases,
    )
    LOGGER.info(
        "recipe %s: %d variants, %d replicates", path, len(recipe.variants), recipe.replicates
    )
    asked = variants_meant(recipe, variants, path)
    chosen = frozenset({recipe.baseline, *asked}) if asked else None
    names, said_so = backends_meant(plugins, backends)
    found = [available_backend(plugins, name) for name in names]
    _refuse_more_than_one_process_can(plugins.executor(options.executor), found, options)
    arrays = arrays_of(recipe, plugins, chosen)
    recipe, left_out = with_arrays(recipe, arrays)
    known, notes = read_images(recipe, plugins, watch)
    said = (*override_texts(overrides), *([f"data.source={data}"] if data else []))
    studies = tuple(
        plan_study(
            recipe,
            backend,
            options.device,
            known,
            options.results,
            arrays=arrays,
            overrides=said,
            force=options.force,
            save_weights=options.save_weights,
            variants=chosen,
        )
        for backend in found
    )
    if any(study.missing for study in studies):  # what is recorded was judged before it ran
        refuse_leaks(recipe, plugins)
    for study in studies:
        counts = len(study.trials), len(study.recorded), len(study.missing)
        place = study.store.folder
        LOGGER.info("%s: %d trials, %d recorded, %d missing", place, *counts)
        LOGGER.debug("missing: %s", ", ".join(trial.id for trial in study.missing) or "none")
        for problem in study.problems:
            LOGGER.info("%s", problem)
    executor = plugins.executor(options.executor)
    refuse_too_large(recipe, studies[0].trials, known)
    for study, each in zip(studies, found, strict=True):
        notes = (*notes, *stack_notes(study.trials, options.stack, each, executor))
        most = min(most_together(options.stack, each, executor), most_in_a_round(recipe))
        if most > 1 and not takes_gpu(options.device, each):  # whose memory is another
            refuse_large_stacks(stacked(study.missing, most), known)
    notes = (*said_so, *left_out, *notes, *_lacking_weights(studies))
    if (options.jobs or 1) > 1 and any(is_exclusive(study.trials) for study in studies):
        only = "the recipe asks for evaluation.exclusive: one trial runs at a time"
        notes = (*notes, f"{only}, not {options.jobs}")
    signals = all(images.signals for images in known.values())
    return Prepared(recipe, studies, notes, image_lines(recipe, known), asked, signals)


def _lacking_weights(studies: Sequence[Study]) -> tuple[str, ...]:
    """That recorded trials run again, where their arrays are asked for."""
    count = sum(trial.id in x.without_weights for x in studies for trial in x.trials)
    if not count:
        return ()
    said = "trial is" if count == 1 else "trials are"
    return (f"{count} {said} recorded without the arrays that are asked for, and run again",)


def prepare_all(
    paths: Sequence[Path],
    backends: Sequence[str],
    plugins: Plugins,
    options: RunOptions,
    *,
    overrides: Overrides = (),
    data: str | Path | None = None,
    variants: Sequence[str] = (),
    watch: Watcher = nobody,
) -> list[Prepared]:
    """Several recipes, each as `prepare` does, so that no mistake is found after hours of training.

    Raises OptionsError where two would write to one folder.
    """
    found: list[Prepared] = []
    for path in paths:
        prepared = prepare(
            path,
            backends,
            plugins,
            options,
            overrides=overrides,
            data=data,
            variants=variants,
            watch=watch,
        )
        if any(prepared.recipe.name == other.recipe.name for other in found):
            raise OptionsError(
                f"two of the recipes are called {prepared.recipe.name}, and results are kept by "
                "that name: rename one, or run it by itself with another --results"
            )
        found.append(prepared)
    return found


def _refuse_more_than_one_process_can(
    executor: Executor, backends: Sequence[Backend], options: RunOptions
) -> None:
    if not executor.in_process:
        return
    if options.timeout is not None:
        lacking = "can't keep a timeout, as nothing could stop the process it runs in"
        advice = "leave out --timeout"
    elif (options.jobs or 1) > 1:
        lacking = f"runs one trial at a time, not {options.jobs}"
        advice = "leave out --jobs"
    elif len(backends) > 1:
        lacking = "runs one backend at a time"
        advice = "give the command once for each"
    else:
        return
    raise OptionsError(f"executor {executor.name} {lacking}: {advice}, or use --executor local")
