"""Keras's optimisers with the constants that cnnbench promises."""

from __future__ import annotations

from typing import Any

import keras

from cnnbench.plugin import Optimization


def keras_optimizer(optimization: Optimization) -> Any:
    """The optimiser, its learning rate still to be set.

    Every constant is spelled out: a later Keras with other defaults must not change what a trial
    computes.
    """
    match optimization.optimizer:
        case "sgd":
            return keras.optimizers.SGD()
        case "momentum":
            return keras.optimizers.SGD(momentum=optimization.momentum)
        case "rmsprop":
            return keras.optimizers.RMSprop(rho=0.9, momentum=0.0, epsilon=1e-7, centered=False)
        case "adam":
            return keras.optimizers.Adam(beta_1=0.9, beta_2=0.999, epsilon=1e-7)
        case "adamw":
            return keras.optimizers.AdamW(
                weight_decay=optimization.weight_decay, beta_1=0.9, beta_2=0.999, epsilon=1e-7
            )
        case other:
            raise AssertionError(f"capabilities do not name {other}")
