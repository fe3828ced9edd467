"""Training a chosen variant once more, on training and validation images together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from cnnbench.comparison.classes import things_of
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
from cnnbench.results.record import Record, Status
from cnnbench.training.images import TrialImages, prepare_images, split_of
from cnnbench.trials.expand import expand
from cnnbench.trials.trial import Device, Trial
from cnnbench.winner.again import on_its_base, recipe_again, refuse_other_inputs, white_of
from cnnbench.winner.choice import VariantChoice
from cnnbench.winner.parts import TrialWithRecords, parts_of, variants_of
from cnnbench.winner.schedule import final_stages


@dataclass(frozen=True, slots=True)
class LastTrial:
    """A trial of the last training as planned.

    trial: of the first replicate, with validation images among the training images. images: as it
    will see them. counting: of each stage the epochs that counted in each recorded trial.
    """

    trial: Trial
    images: TrialImages
    counting: tuple[tuple[int, ...], ...]

    @property
    def epochs(self) -> tuple[int, ...]:
        """Of each stage."""
        return tuple(stage.training.epochs for stage in self.trial.stages)


@dataclass(frozen=True, slots=True)
class Retraining:
    """A last training as planned; nothing has been trained yet.

    networks: one trial, or one for each network of an ensemble that is made of trials; held_out: of
    stacking, for each of these the trials that predict the training images, a part each. white:
    what became 255, of files of more than 8 bits. overlap: test images that were validation images
    in a replicate that the choice went by.
    """

    choice: VariantChoice
    networks: tuple[LastTrial, ...]
    held_out: tuple[tuple[LastTrial, ...], ...]
    backend: Backend
    white: int | None
    overlap: int

    @property
    def method(self) -> str:
        """That of an ensemble that is made of trials, "" of a single trial."""
        record = self.choice.records[0]
        return record.ensemble.method if record.ensemble and record.ensemble.trials else ""

    @property
    def things(self) -> str:
        """What it is trained on: images, or signals."""
        return things_of(self.choice.records)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All that is trained."""
        held_out = (each for parts in self.held_out for each in parts)
        return tuple(each.trial for each in (*self.networks, *held_out))


def plan_retraining(
    choice: VariantChoice, plugins: Plugins, *, device: Device = "auto", data: str | None = None
) -> Retraining:
    """Find the images, the arrays and the backend again, and plan the last training.

    data: where the images are now, if not where the records say. Raises DataError and
    PretrainedError where images or arrays are not those of the records, PluginError, ResultsError.
    """
    study = choice.study
    variants = variants_of(choice)
    replicates = 1 + max(record.replicate for record in choice.records)
    recipe = recipe_again(study, choice.plan, variants, plugins, replicates=replicates, data=data)
    backend = available_backend(plugins, choice.plan.backend)
    known, _ = read_images(recipe, plugins)
    arrays = arrays_of(recipe, plugins)
    gpu = takes_gpu(device, backend)
    expansion = expand(recipe, backend.name, device, known, arrays=arrays, gpu=gpu)
    networks, held_out = parts_of(choice, expansion)
    name, request = recipe.variants[-1].configuration.request()
    cached = open_images(plugins.source(name), request)

    def last(part: TrialWithRecords, *, keeps_weights: bool) -> LastTrial:
        trial = on_its_base(part.trial, study)
        refuse_other_inputs(part.records[0], trial, cached)
        return _last(choice, trial, part.records, cached, keeps_weights=keeps_weights)

    return Retraining(
        choice,
        tuple(last(part, keeps_weights=True) for part in networks),
        tuple(tuple(last(part, keeps_weights=False) for part in parts) for parts in held_out),
        backend,
        white_of(known[name, request]),
        _overlap(choice, networks[0].trial, cached),
    )


def _last(
    choice: VariantChoice,
    trial: Trial,
    records: Sequence[Record],
    cached: CachedImages,
    *,
    keeps_weights: bool,
) -> LastTrial:
    stages, counting = final_stages(choice.study.folder, records, trial.schedule)
    final = trial.model_copy(
        update={
            "id": _identity(trial, [stage.training.epochs for stage in stages]),
            "stages": stages,
            "validates": False,
            "keeps_weights": keeps_weights,
        }
    )
    return LastTrial(final, prepare_images(final, cached), counting)


def retrain(retraining: Retraining, plugins: Plugins, listener: Listener) -> dict[str, Outcome]:
    """Train and test each network once, in worker processes; the outcomes by their trials' ids.

    Raises ResultsError where one fails.
    """
    trials, backend = retraining.trials, retraining.backend
    device = trials[0].device
    jobs = 1 if len(trials) == 1 else None
    limits = limits_of(trials, jobs=jobs, gpu=takes_gpu(device, backend))
    executor, work = plugins.executor("local"), work_of(backend, device, limits, plugins)
    with closing(executor.run(trials, limits, listener, work)) as outcomes:
        return dict(_that_went_well(outcomes, retraining.choice.variant))


def _that_went_well(outcomes: Iterator[Outcome], variant: str) -> Iterator[tuple[str, Outcome]]:
    for outcome in outcomes:
        if outcome.record.status is not Status.OK:
            raise ResultsError(f"{variant} could not be trained once more: {outcome.record.reason}")
        yield outcome.record.trial, outcome


def _identity(trial: Trial, epochs: list[int]) -> str:
    text = json.dumps([trial.id, "training and validation images", epochs])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _overlap(choice: VariantChoice, trial: Trial, cached: CachedImages) -> int:
    """How many of the test images the choice has seen, as validation images of other replicates."""
    chosen = select_classes(cached, trial.configuration.data.classes)
    splits = [
        split_of(trial.model_copy(update={"replicate": replicate}), chosen)
        for replicate in choice.judged
    ]
    if not splits:
        return 0
    seen = np.concatenate([split.validation for split in splits])
    return int(np.isin(split_of(trial, chosen).test, seen).sum())
