"""Training the networks of a trial, and asking them."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batches
from cnnbench.data.sources.summary import in_words
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Engine, Model
from cnnbench.recipe.transfer import Stage
from cnnbench.results.record import Epoch, Shared
from cnnbench.training.averaging import measured_layers, with_statistics
from cnnbench.training.build import Build, starting_weights, weights_for
from cnnbench.training.costs import (
    BATCH_PREDICTIONS,
    SINGLE_PREDICTIONS,
    Stopwatch,
    features_seconds,
    latency,
)
from cnnbench.training.features import shared_features
from cnnbench.training.fit import DivergedError, Fit, Validation, fit
from cnnbench.training.images import TrialImages
from cnnbench.training.metrics import class_probabilities
from cnnbench.trials.trial import Trial

LOGGER = logging.getLogger(__name__)
Answers = Mapping[str, NDArray[np.float32]]
"""Probabilities of the test images and, if there are any, the validation images, (n, classes)."""


@dataclass(slots=True)
class Gathered:
    """Fields of the record, gathered as the trial goes: what is known survives a failure."""

    fields: dict[str, Any] = field(default_factory=dict)
    fitted: Fit = field(default_factory=Fit)
    costs: dict[str, Any] = field(default_factory=dict)
    unmeasured: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, Any] = field(default_factory=dict)

    def take(self, shared: Shared) -> None:
        """What a stage found computed, or computed first; once, where networks share it."""
        before: tuple[Shared, ...] = self.fields.get("shared", ())
        if not any(x.entries.keys() == shared.entries.keys() for x in before):
            self.fields["shared"] = (*before, shared)
        self.costs["features"] = features_seconds(self.fields["shared"])


@dataclass(frozen=True, slots=True)
class Trained:
    """A network that can be asked.

    images: as it takes them, features where it is but a tail. weights: of the whole network where
    they are to be kept, else none.
    """

    model: Model
    network: Network
    images: TrialImages
    weights: Weights


@dataclass(frozen=True, slots=True)
class Training:
    """What trains the networks of a trial; what is found out of it is gathered in `result`.

    alone: whether a prediction of its models is one of a single network.
    """

    engine: Engine
    build: Build
    on_epoch: Callable[[Epoch], None]
    result: Gathered
    alone: bool = True

    def networks(self, trial: Trial, whole: TrialImages) -> Iterator[Trained]:
        """Train, and give the network when it is to be asked: at the end, or at each snapshot."""
        result, weights = self.result, starting_weights(trial)
        stages, compiling = trial.schedule, Stopwatch()
        for stage in stages:
            images, network = whole, trial.network
            begun = len(result.fitted.history)
            ahead = range(begun, begun + stage.training.epochs)
            if features := shared_features(trial, stage, self.engine, whole, weights, ahead):
                result.take(features.shared)
                images = replace(whole, features=features.rows, copies=features.copies)
                network = features.tail
            passes = images.training()
            epochs = map(passes.epoch, itertools.count(begun))
            validation = _validation(images)
            with compiling:
                arrays = weights_for(network, weights)
                model = self.build(trial, self.engine, network, arrays, stage)
                model.compile(passes.epoch(begun))
                model.synchronize()
            LOGGER.info("trial %s: built and compiled in %.2f s", trial.id, compiling.last)
            result.costs["compile"] = result.costs.get("compile", 0) + compiling.last
            for part in trial.configuration.ensemble.parts(stage):
                fit(model, epochs, validation, part, fitted=result.fitted, on_epoch=self.on_epoch)
                if part.training.averaging.active:
                    last = passes.epoch(len(result.fitted.history) - 1)
                    self._measure_anew(trial, network, stage, model, last)
                if stage is stages[-1]:
                    kept = {**weights, **model.get_weights()} if trial.keeps_weights else {}
                    yield Trained(model, network, images, kept)
            weights = {**weights, **model.get_weights()}

    def _measure_anew(
        self, trial: Trial, network: Network, stage: Stage, model: Model, batches: Batches
    ) -> None:
        """Give a network of averaged weights statistics of batch normalisation of its own."""
        layers = measured_layers(network, stage.frozen)
        if not layers:
            return
        weights, watch = model.get_weights(), Stopwatch(model.synchronize)
        with watch:
            other = self.build(trial, self.engine, network, weights, stage)
            model.set_weights(with_statistics(weights, layers, other, batches))
        self.result.fitted.training += watch.last - batches.waited
        self.result.fitted.data += batches.waited

    def ask(self, trained: Trained) -> Answers:
        """Look at the test images, once, with the weights that validation chose."""
        rows = trained.images.split
        answers = {"test": self.predict(trained, rows.test)}
        if not np.isfinite(answers["test"]).all():
            wrong = "the probabilities of the test images are not finite numbers"
            raise DivergedError(in_words(wrong, signals=trained.images.chosen.signals))
        if len(rows.validation):
            answers["validation"] = self.predict(trained, rows.validation)
        return answers

    def predict(self, trained: Trained, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The probabilities of some of its images, (n, classes)."""
        watch = Stopwatch()
        with watch:
            outputs = trained.model.predict(trained.images.evaluation(rows))
        self.result.fitted.evaluation += watch.last
        return class_probabilities(outputs)

    def time_predictions(self, trained: Trained) -> None:
        """Of a whole network alone: the time of a part of it would tell nothing of an image's."""
        model, images = trained.model, trained.images
        if trained.network is not images.trial.network:
            return
        if not self.alone:
            why = "its network predicts as one with others"
            self.result.unmeasured |= {"latency_single": why, "latency_batch": why}
            return
        batch = images.split.test[: images.trial.configuration.training.batch_size]
        self.result.costs |= {
            "latency_single": latency(model, images.evaluation(batch[:1], 1), SINGLE_PREDICTIONS),
            "latency_batch": latency(model, images.evaluation(batch), BATCH_PREDICTIONS),
        }


def _validation(images: TrialImages) -> Validation | None:
    rows = images.split.validation
    if not len(rows):
        return None
    return Validation(images.evaluation(rows), images.chosen.labels[rows])
