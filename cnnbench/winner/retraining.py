"""Training a chosen variant once more, on training and validation images together."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from cnnbench.data.sources.cache import CachedImages, open_images
from cnnbench.data.splits.selection import select_classes
from cnnbench.errors import ResultsError
from cnnbench.execution.limits import limits_of
from cnnbench.execution.work import work_of
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.arrays import arrays_of
from cnnbench.planning.device import takes_gpu
from cnnbench.planning.study import available_backend, read_images
from cnnbench.plugin.backend import Backend
from cnnbench.plugin.executor import Listener, Outcome
from cnnbench.results.record import Status
from cnnbench.training.images import TrialImages, prepare_images, split_of
from cnnbench.trials.expand import expand
from cnnbench.trials.trial import Device, Trial
from cnnbench.winner.again import on_its_base, recipe_again, refuse_other_inputs, white_of
from cnnbench.winner.choice import VariantChoice
from cnnbench.winner.schedule import final_stages


@dataclass(frozen=True, slots=True)
class Retraining:
    """A last training as planned; nothing has been trained yet.

    trial: of the chosen variant, the first replicate, with validation images among the training
    images. images: as it will see them. white: what became 255, of files of more than 8 bits.
    counting: of each stage the epochs that counted in each recorded trial. overlap: test images
    that were validation images in a replicate that the choice went by.
    """

    choice: VariantChoice
    trial: Trial
    images: TrialImages
    backend: Backend
    white: int | None
    counting: tuple[tuple[int, ...], ...]
    overlap: int

    @property
    def epochs(self) -> tuple[int, ...]:
        """Of each stage."""
        return tuple(stage.training.epochs for stage in self.trial.stages)


def plan_retraining(
    choice: VariantChoice, plugins: Plugins, *, device: Device = "auto", data: str | None = None
) -> Retraining:
    """Find the images, the arrays and the backend again, and plan the last training.

    data: where the images are now, if not where the records say. Raises DataError and
    PretrainedError where images or arrays are not those of the records, PluginError, ResultsError.
    """
    record, study = choice.records[0], choice.study
    recipe = recipe_again(study, choice.plan, record, plugins, data=data)
    backend = available_backend(plugins, choice.plan.backend)
    known, _ = read_images(recipe, plugins)
    arrays = arrays_of(recipe, plugins)
    gpu = takes_gpu(device, backend)
    planned = expand(recipe, backend.name, device, known, arrays=arrays, gpu=gpu).trials
    trial = on_its_base(next(x for x in planned if not x.is_base), study)
    name, request = recipe.variants[0].configuration.request()
    cached = open_images(plugins.source(name), request)
    refuse_other_inputs(record, trial, cached)
    stages, counting = final_stages(choice.study.folder, choice.records, trial.schedule)
    if known[name, request].signals:
        raise ResultsError(
            f"{choice.study.folder} is of signals, and what is taken home predicts images alone; "
            "`cnnbench run --save-weights` keeps the arrays of every trial"
        )
    final = trial.model_copy(
        update={
            "id": _identity(trial, [stage.training.epochs for stage in stages]),
            "stages": stages,
            "validates": False,
            "keeps_weights": True,
        }
    )
    return Retraining(
        choice,
        final,
        prepare_images(final, cached),
        backend,
        white_of(known[name, request]),
        counting,
        _overlap(choice, trial, cached),
    )


def retrain(retraining: Retraining, plugins: Plugins, listener: Listener) -> Outcome:
    """Train and test once, in a worker process. Raises ResultsError where that fails."""
    trial, backend = retraining.trial, retraining.backend
    limits = limits_of([trial], jobs=1, gpu=takes_gpu(trial.device, backend))
    executor, work = plugins.executor("local"), work_of(backend, trial.device, limits, plugins)
    with closing(executor.run([trial], limits, listener, work)) as outcomes:
        (outcome,) = outcomes
    if outcome.record.status is not Status.OK:
        raise ResultsError(
            f"{trial.variant} could not be trained once more: {outcome.record.reason}"
        )
    return outcome


def _identity(trial: Trial, epochs: list[int]) -> str:
    text = json.dumps([trial.id, "training and validation images", epochs])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _overlap(choice: VariantChoice, trial: Trial, cached: CachedImages) -> int:
    """How many of the test images the choice has seen, as validation images of other replicates."""
    chosen = select_classes(cached, trial.configuration.data.classes)
    splits = [
        split_of(trial.model_copy(update={"replicate": replicate}), chosen)
        for replicate in choice.compared
    ]
    seen = np.concatenate([split.validation for split in splits])
    return int(np.isin(split_of(trial, chosen).test, seen).sum())
