"""Keras's optimisers with the constants that cnnbench promises."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from keras import optimizers

from cnnbench.plugin import Optimization

MOMENTS = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}


def keras_optimizer(optimization: Optimization) -> Any:
    """The optimiser, its learning rate still to be set.

    Every constant is spelled out: a later Keras with other defaults must not change what a trial
    computes.
    """
    momentum, nesterov = optimization.momentum, optimization.nesterov
    start = optimization.initial_accumulator_value
    makers: dict[str, Callable[..., Any]] = {
        "sgd": optimizers.SGD,
        "momentum": partial(optimizers.SGD, momentum=momentum, nesterov=nesterov),
        "rmsprop": partial(optimizers.RMSprop, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False),
        "adam": partial(optimizers.Adam, **MOMENTS),
        "adamw": partial(optimizers.AdamW, weight_decay=optimization.weight_decay, **MOMENTS),
        "nadam": partial(optimizers.Nadam, **MOMENTS),
        "adagrad": partial(optimizers.Adagrad, initial_accumulator_value=start, epsilon=1e-7),
        "adamax": partial(optimizers.Adamax, **MOMENTS),
        "lion": partial(optimizers.Lion, beta_1=0.9, beta_2=0.99),
    }
    return makers[optimization.optimizer](global_clipnorm=optimization.global_clipnorm or None)
