"""A trial taken apart, for `cnnbench parity`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.layers import BatchNorm, Dropping
from cnnbench.network.network import Network, Weights
from cnnbench.parity.probe import Probe, Trajectory
from cnnbench.plugin.backend import Engine, Model
from cnnbench.plugin.executor import Outcome
from cnnbench.recipe.training import Precision
from cnnbench.recipe.transfer import Stage
from cnnbench.training.build import Build, starting_weights
from cnnbench.training.images import TrialImages
from cnnbench.training.metrics import class_probabilities
from cnnbench.training.progress import LearningRate, Stopper
from cnnbench.trials.trial import Trial

_UNITS: dict[Precision, float] = {"float32": 2.0**2, "bfloat16": 2.0**16}
"""How far a nudge moves a weight, in float32's units in the last place.

float32: what sums of some hundred products in another order differ by. bfloat16: one unit of its
own, as its sums are float32 and rounded once."""
_NORMALIZED_UNITS = 2.0**5
"""The same with batch normalisation in float32.

Of 32 maps of 26x26 pixels TensorFlow's variance is off by 200 units, that of the others by 1 to 3.
Nudges of 4 explain too little of that, those of 256 trip ReLUs until they explain anything.
"""
NUDGES = 3
"""How often the reference is run with nudged weights; what rounding does varies a lot."""
MASKS = 7
"""How often with dropout: few masks say little about the spread of all."""
MASKED = 8
"""Epochs whose mean loss tells a backend that ignores dropout from others.

That it does shows ever more: .4 to 3 % of the first loss, 5 to 17 % of the mean of eight."""
PASSES = 5
"""Epochs that are trained whole and without dropout, where the whole training can't be judged."""


def course_of(
    trial: Trial, engine: Engine, images: TrialImages, build: Build, whole: Outcome
) -> Trajectory:
    """What came of a whole training, and its first epochs anew, without dropout.

    Predicts the test images, trains the first epoch one batch at a time, and predicts them again.
    """
    network = trial.network
    plain = _without_dropout(network)
    weights = starting_weights(trial)
    stage = trial.schedule[0]
    model = build(trial, engine, plain, weights, stage)
    test = images.evaluation(images.split.test)
    initial = class_probabilities(model.predict(test))
    rate = LearningRate(stage.training).of(1)
    epoch = images.training().epoch(0)
    losses = []
    for number in range(len(epoch)):
        result = model.train_epoch(epoch.select(number, number + 1), rate)
        losses.append(result.loss + result.penalty)
    assert whole.predictions is not None, "a trial that ended well has predictions"
    trained = np.array([epoch.loss + epoch.penalty for epoch in whole.history])
    calm = branches(trial)
    return Trajectory(
        initial=initial,
        losses=np.array(losses),
        epoch=class_probabilities(model.predict(test)),
        passes=_first_passes(trial, images, build(trial, engine, plain, weights, stage))
        if calm
        else trained,
        masked=trained[: MASKED if network != plain else 0],
        final=whole.predictions,
    )


def _first_passes(trial: Trial, images: TrialImages, model: Model) -> NDArray[np.float64]:
    """The losses of the first epochs as nothing but rounding changes them: no decisions between."""
    spec = trial.schedule[0].training
    rate, passes = LearningRate(spec), images.training()
    results = (
        model.train_epoch(passes.epoch(number), rate.of(number + 1))
        for number in range(min(PASSES, spec.epochs))
    )
    return np.array([result.loss + result.penalty for result in results])


def nudged_builds(trial: Trial) -> Iterator[Build]:
    """Ways to make a trial's model with nudged weights, and with other dropout masks."""
    calm = trial.network == _without_dropout(trial.network)
    for number in range(1, (NUDGES if calm else MASKS) + 1):
        yield partial(_build_nudged, number)


def _build_nudged(  # noqa: PLR0917 - a Build with a number
    number: int, trial: Trial, engine: Engine, network: Network, weights: Weights, stage: Stage
) -> Model:
    if stage is trial.schedule[0]:  # later stages start from what came of the nudge
        seed = trial.seed_for("weights") + number
        weights = nudge(weights, _units(network, trial.precision), seed)
    seed = trial.seed_for("dropout") + number
    return engine.build(network, weights, trial.optimization_of(stage), seed)


def branches(trial: Trial) -> bool:
    """Whether two right backends may train differently, rounding apart or by a tipped decision.

    Dropout masks are each backend's own. Early stopping and a plateau of the learning rate decide
    by comparing losses, which the last bit can tip.
    """
    spec = trial.configuration.training
    decides = Stopper(spec.early_stopping).active or spec.schedule.kind == "plateau"
    return decides or trial.network != _without_dropout(trial.network)


def nudge(weights: Weights, units: float, seed: int) -> Weights:
    """Each weight moved by some of float32's units in the last place, up or down at random.

    Zeros stay: they carry no rounding, and a bias that is no longer zero would open the ReLUs of
    all black pixels.
    """
    random = np.random.default_rng(seed)
    return {name: _move(array, units, random) for name, array in weights.items()}


def blank_probe(trial: Trial, reason: str) -> Probe:
    """The probe of a trial that left nothing but a reason; without one, a probe to be filled."""
    return Probe(
        variant=trial.variant,
        replicate=trial.replicate,
        backend=trial.backend,
        precision=trial.configuration.training.precision,
        reason=reason,
    )


def _units(network: Network, precision: Precision) -> float:
    normalized = any(isinstance(layer, BatchNorm) for layer in network.layers)
    return max(_UNITS[precision], _NORMALIZED_UNITS if normalized else 0)


def _move(
    array: NDArray[np.float32], units: float, random: np.random.Generator
) -> NDArray[np.float32]:
    steps = units * random.choice([-1, 1], array.shape) * (array != 0)
    moved: NDArray[np.float32] = (array + np.spacing(array) * steps).astype(np.float32)
    return moved


def _without_dropout(network: Network) -> Network:
    layers = tuple(
        layer.model_copy(update={"rate": 0.0}) if isinstance(layer, Dropping) else layer
        for layer in network.layers
    )
    return network.model_copy(update={"layers": layers})
