"""From a trial to a built model: the network, its initial weights, its optimiser."""

from __future__ import annotations

from collections.abc import Callable

from cnnbench.network.architectures import build_network
from cnnbench.network.network import Network
from cnnbench.network.weights import initial_weights
from cnnbench.plugin.backend import Engine, Model, Optimization
from cnnbench.training.images import TrialImages
from cnnbench.training.spec import TrainingSpec
from cnnbench.trials.trial import Trial


def network_of(trial: Trial, images: TrialImages) -> Network:
    """The network that a trial trains. Raises NetworkError."""
    classes = len(images.chosen.classes)
    return build_network(trial.configuration.network, images.input_shape, classes)


def optimization_of(spec: TrainingSpec) -> Optimization:
    """What of the training section concerns a backend."""
    return Optimization(
        optimizer=spec.optimizer,
        momentum=spec.momentum,
        weight_decay=spec.weight_decay,
        precision=spec.precision,
    )


Build = Callable[[Trial, Engine, Network], Model]
"""Makes the model of a trial as it is before the first step."""


def build_model(trial: Trial, engine: Engine, network: Network) -> Model:
    """The model with the initial weights that the trial's seed gives."""
    weights = initial_weights(network, trial.seed_for("weights"))
    optimization = optimization_of(trial.configuration.training)
    return engine.build(network, weights, optimization, trial.seed_for("dropout"))
