"""Backends that are wrong in one thing each, and the check that is meant to catch it."""

from wrong_backends import (
    dropout,
    frozen,
    gradients,
    graphs,
    images,
    layers,
    optimizers,
    running,
    single,
    stacked,
    training,
)

WRONG_BACKENDS = (
    *layers.BACKENDS,
    *graphs.BACKENDS,
    *gradients.BACKENDS,
    *dropout.BACKENDS,
    *training.BACKENDS,
    *single.BACKENDS,
    *optimizers.BACKENDS,
    *frozen.BACKENDS,
    *running.BACKENDS,
    *stacked.BACKENDS,
    *images.BACKENDS,
)
