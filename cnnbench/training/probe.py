"""The first epoch of a trial step by step, for `cnnbench parity`."""

from __future__ import annotations

from functools import partial

import numpy as np

from cnnbench.network.layers import Dropout
from cnnbench.network.network import Weights
from cnnbench.plugin.backend import Engine
from cnnbench.results.probe import Steps
from cnnbench.training.build import build_model, network_of
from cnnbench.training.images import TrialImages
from cnnbench.training.metrics import class_probabilities
from cnnbench.training.progress import LearningRate
from cnnbench.trials.trial import Trial


def first_epoch(trial: Trial, engine: Engine, images: TrialImages, *, nudged: bool) -> Steps:
    """Predict the test images, then train the first epoch one batch at a time.

    nudged: start from weights that are each moved by one unit in the last place.
    """
    network = network_of(trial, images)
    change = partial(nudge, seed=trial.seed_for("weights")) if nudged else lambda weights: weights
    model = build_model(trial, engine, network, change)
    initial = class_probabilities(model.predict(images.evaluation(images.split.test)))
    rate = LearningRate(trial.configuration.training).of(1)
    epoch = images.training().epoch(0)
    losses = []
    for number in range(len(epoch)):
        result = model.train_epoch(epoch.select(number, number + 1), rate)
        losses.append(result.loss + result.penalty)
    return Steps(initial, np.array(losses))


def draws_masks(trial: Trial) -> bool:
    """Whether the trial's network has dropout."""
    spec = trial.configuration.network
    if spec.architecture == "layers":
        return any(isinstance(layer, Dropout) and layer.rate > 0 for layer in spec.layers)
    return spec.dropout > 0 or spec.conv_dropout > 0


def nudge(weights: Weights, seed: int) -> Weights:
    """Each weight's neighbour among the float32 numbers, above or below at random."""
    random = np.random.default_rng(seed)
    return {
        name: np.nextafter(array, np.float32(np.inf) * random.choice([-1, 1], array.shape)).astype(
            np.float32
        )
        for name, array in weights.items()
    }
