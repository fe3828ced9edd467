"""From a trial to a built model: the network, its initial weights, its optimiser."""

from __future__ import annotations

from collections.abc import Callable

from cnnbench.network.network import Network
from cnnbench.network.weights import initial_weights
from cnnbench.plugin.backend import Engine, Model
from cnnbench.trials.trial import Trial

Build = Callable[[Trial, Engine, Network], Model]
"""Makes the model of a trial as it is before the first step."""


def build_model(trial: Trial, engine: Engine, network: Network) -> Model:
    """The model with the initial weights that the trial's seed gives."""
    weights = initial_weights(network, trial.seed_for("weights"))
    return engine.build(network, weights, trial.optimization, trial.seed_for("dropout"))
