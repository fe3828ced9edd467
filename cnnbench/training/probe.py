"""The first epoch of a trial step by step, for `cnnbench parity`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.layers import Dropout
from cnnbench.network.network import Network, Weights
from cnnbench.network.weights import initial_weights
from cnnbench.plugin.backend import Engine, Model
from cnnbench.results.probe import Probe
from cnnbench.training.build import Build, network_of, optimization_of
from cnnbench.training.images import TrialImages
from cnnbench.training.metrics import class_probabilities
from cnnbench.training.progress import LearningRate, Stopper
from cnnbench.training.spec import Precision
from cnnbench.trials.trial import Trial

_UNITS: dict[Precision, float] = {"float32": 2.0**8, "bfloat16": 2.0**16}
"""How far a nudge moves a weight, in float32's units in the last place.

float32: as much as the variance in batch normalisation differs between frameworks; a single unit
would trip none of the ReLUs that rounding trips. bfloat16: one unit of its own, as its sums are
float32 and rounded once."""
NUDGES = 3
"""How often the reference is run with nudged weights; what rounding does varies a lot."""


class FirstEpoch(NamedTuple):
    """The first three parts of a `Course`."""

    initial: NDArray[np.float32]
    losses: NDArray[np.float64]
    epoch: NDArray[np.float32]


def first_epoch(trial: Trial, engine: Engine, images: TrialImages, build: Build) -> FirstEpoch:
    """Predict the test images, train the first epoch one batch at a time, and predict them again.

    Without dropout, whose masks are each backend's own.
    """
    model = build(trial, engine, _without_dropout(network_of(trial, images)))
    test = images.evaluation(images.split.test)
    initial = class_probabilities(model.predict(test))
    rate = LearningRate(trial.configuration.training).of(1)
    epoch = images.training().epoch(0)
    losses = []
    for number in range(len(epoch)):
        result = model.train_epoch(epoch.select(number, number + 1), rate)
        losses.append(result.loss + result.penalty)
    return FirstEpoch(initial, np.array(losses), class_probabilities(model.predict(test)))


def nudged_builds() -> Iterator[Build]:
    """Ways to make a trial's model with nudged weights, and with other dropout masks."""
    for number in range(1, NUDGES + 1):
        yield partial(_build_nudged, number)


def _build_nudged(number: int, trial: Trial, engine: Engine, network: Network) -> Model:
    spec = trial.configuration.training
    seed = trial.seed_for("weights")
    weights = nudge(initial_weights(network, seed), spec.precision, seed + number)
    seed = trial.seed_for("dropout") + number
    return engine.build(network, weights, optimization_of(spec), seed)


def branches(trial: Trial, images: TrialImages) -> bool:
    """Whether two right backends may train differently, rounding apart or by a tipped decision.

    Dropout masks are each backend's own. Early stopping and a plateau of the learning rate decide
    by comparing losses, which the last bit can tip.
    """
    spec = trial.configuration.training
    decides = Stopper(spec.early_stopping).active or spec.schedule.kind == "plateau"
    network = network_of(trial, images)
    return decides or network != _without_dropout(network)


def nudge(weights: Weights, precision: Precision, seed: int) -> Weights:
    """Each weight moved by some units in the last place, up or down at random.

    Zeros stay: they carry no rounding, and a bias that is no longer zero would open the ReLUs of
    all black pixels.
    """
    random = np.random.default_rng(seed)
    return {name: _move(array, _UNITS[precision], random) for name, array in weights.items()}


def blank_probe(trial: Trial, reason: str) -> Probe:
    """The probe of a trial that left nothing but a reason; without one, a probe to be filled."""
    return Probe(
        variant=trial.variant,
        replicate=trial.replicate,
        backend=trial.backend,
        precision=trial.configuration.training.precision,
        reason=reason,
    )


def _move(
    array: NDArray[np.float32], units: float, random: np.random.Generator
) -> NDArray[np.float32]:
    steps = units * random.choice([-1, 1], array.shape) * (array != 0)
    moved: NDArray[np.float32] = (array + np.spacing(array) * steps).astype(np.float32)
    return moved


def _without_dropout(network: Network) -> Network:
    layers = tuple(
        layer.model_copy(update={"rate": 0.0}) if isinstance(layer, Dropout) else layer
        for layer in network.layers
    )
    return network.model_copy(update={"layers": layers})
