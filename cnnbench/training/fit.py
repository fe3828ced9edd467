"""The epochs of one trial."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batches
from cnnbench.errors import CnnbenchError
from cnnbench.plugin.backend import Model
from cnnbench.recipe.transfer import Stage
from cnnbench.results.record import Epoch
from cnnbench.training.averaging import Average
from cnnbench.training.costs import Stopwatch
from cnnbench.training.metrics import accuracy, class_probabilities, log_loss
from cnnbench.training.progress import LearningRate, Stopper


class DivergedError(CnnbenchError):
    """What the network computes is no number any more; training on would only cost time."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; lower training.learning_rate")


@dataclass(frozen=True, slots=True)
class Validation:
    """A pass over the validation images, used after every epoch, and their labels in its order."""

    batches: Batches
    labels: NDArray[np.int32]


@dataclass(slots=True)
class Fit:
    """What training left, filled epoch by epoch so that a diverged trial keeps its history.

    training: seconds of optimiser steps. data: seconds of waiting for images, which training,
    images_per_second and an epoch's seconds leave out: what augmentation costs shows here alone.
    """

    history: list[Epoch] = field(default_factory=list)
    best_epoch: int | None = None
    training: float = 0.0
    data: float = 0.0
    evaluation: float = 0.0
    images: int = 0

    @property
    def images_per_second(self) -> float | None:
        """Of the median epoch after the first, which may still compile and warm caches."""
        steady = [epoch.seconds for epoch in self.history[1:]]
        return self.images / statistics.median(steady) if steady else None


def fit(
    model: Model,
    epochs: Iterator[Batches],
    validation: Validation | None,
    stage: Stage,
    *,
    fitted: Fit,
    on_epoch: Callable[[Epoch], None],
) -> None:
    """Train until the epochs are over or early stopping says so; leave the weights to evaluate.

    Those are the last, the best or an average, which no epoch of the history speaks of: what is
    judged between epochs are the weights that go on to be trained.
    epochs: the passes over the training images, one an epoch. fitted: filled as it goes, and goes
    on counting where a stage before this one ended.
    Raises DivergedError when a loss becomes NaN or infinite. The training loss of an epoch is from
    before its last step, so what that step broke shows in the validation loss alone.
    """
    spec = stage.training
    rate, stopper = LearningRate(spec, stage.rates), Stopper(spec.early_stopping)
    average = Average(spec.averaging, spec.epochs)
    training, judging = Stopwatch(model.synchronize), Stopwatch(model.synchronize)
    before, evaluated = len(fitted.history), fitted.evaluation
    for number in range(1, spec.epochs + 1):
        batches = next(epochs)
        learning_rate = rate.of(number)
        with training:
            result = model.train_epoch(batches, learning_rate)
        seconds = training.last - batches.waited
        with judging:
            val_loss, val_accuracy = _judge(model, validation)
        epoch = Epoch(
            epoch=before + number,
            loss=result.loss,
            penalty=result.penalty,
            accuracy=result.correct / result.count,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            learning_rate=learning_rate,
            seconds=seconds,
        )
        fitted.history.append(epoch)
        fitted.images = result.count
        fitted.training += seconds
        fitted.data += batches.waited
        fitted.evaluation = evaluated + judging.seconds
        on_epoch(epoch)
        _refuse_divergence("training", result.loss + result.penalty, epoch.epoch)
        if val_loss is not None:
            _refuse_divergence("validation", val_loss, epoch.epoch)
        rate.tell(epoch)
        stopper.tell(epoch)
        if average.takes(number):
            average.add(model.get_weights())
        if stopper.improved and stopper.restores:
            stopper.best_weights = model.get_weights()
        if stopper.stop:
            break
    fitted.best_epoch = len(fitted.history)
    if averaged := average.weights:
        model.set_weights(averaged)
    if stopper.best_weights is not None:
        model.set_weights(stopper.best_weights)
        fitted.best_epoch = stopper.best_epoch


def _refuse_divergence(split: str, loss: float, epoch: int) -> None:
    if not math.isfinite(loss):
        raise DivergedError(f"the {split} loss became {loss} in epoch {epoch}")


def _judge(model: Model, validation: Validation | None) -> tuple[float | None, float | None]:
    if validation is None:
        return None, None
    probabilities = class_probabilities(model.predict(validation.batches))
    return log_loss(probabilities, validation.labels), accuracy(probabilities, validation.labels)
