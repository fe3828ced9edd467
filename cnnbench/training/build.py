"""From a trial to a built model: the network, its initial weights, its optimiser."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from cnnbench.errors import PretrainedError
from cnnbench.network.heads import without_head
from cnnbench.network.network import Network, Weights
from cnnbench.network.weights import initial_weights, weight_shapes
from cnnbench.plugin.backend import Engine, Model
from cnnbench.pretrained.read import read_arrays
from cnnbench.recipe.transfer import Stage
from cnnbench.trials.trial import Trial

Build = Callable[[Trial, Engine, Network, Weights, Stage], Model]
"""Makes the model of a trial for a stage, with these weights."""


def build_model(
    trial: Trial, engine: Engine, network: Network, weights: Weights, stage: Stage
) -> Model:
    """The model as a backend makes it. network: the trial's, or what of it is left to train."""
    optimization = trial.optimization_of(stage)
    return engine.build(network, weights, optimization, trial.seed_for("dropout"))


def starting_weights(trial: Trial) -> Weights:
    """The arrays of the trial's network before the first step.

    Those that the trial's seed gives, and of a base those that somebody trained. Raises
    PretrainedError where these can't be read any more, or a base of the study is yet to be trained.
    """
    weights: dict[str, NDArray[np.float32]] = {
        **initial_weights(trial.network, trial.seed_for("weights"))
    }
    if trial.arrays is not None:
        if trial.starts_from and trial.arrays.path is None:
            raise PretrainedError(f"trial {trial.id} was given before the base it starts from")
        weights |= read_arrays(trial.arrays, without_head(trial.network))
    return weights


def weights_for(network: Network, weights: Mapping[str, NDArray[np.float32]]) -> Weights:
    """Those of the arrays that a part of the network has."""
    return {name: weights[name] for name in weight_shapes(network)}
