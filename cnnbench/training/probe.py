"""The first epoch of a trial step by step, for `cnnbench parity`."""

from __future__ import annotations

import numpy as np

from cnnbench.network.architectures import build_network
from cnnbench.network.layers import Dropout
from cnnbench.network.network import Weights
from cnnbench.network.weights import initial_weights
from cnnbench.plugin.backend import Engine
from cnnbench.results.probe import Steps
from cnnbench.training.images import TrialImages
from cnnbench.training.metrics import class_probabilities
from cnnbench.training.progress import LearningRate
from cnnbench.training.trial import optimization_of
from cnnbench.trials.trial import Trial


def first_epoch(trial: Trial, engine: Engine, images: TrialImages, *, nudged: bool) -> Steps:
    """Predict the test images, then train the first epoch one batch at a time.

    nudged: start from weights that are each moved by one unit in the last place.
    """
    configuration = trial.configuration
    network = build_network(configuration.network, images.input_shape, len(images.chosen.classes))
    weights = initial_weights(network, trial.seed_for("weights"))
    if nudged:
        weights = nudge(weights, trial.seed_for("weights"))
    optimization = optimization_of(configuration.training)
    model = engine.build(network, weights, optimization, trial.seed_for("dropout"))
    initial = class_probabilities(model.predict(images.evaluation(images.split.test)))
    rate = LearningRate(configuration.training).of(1)
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
