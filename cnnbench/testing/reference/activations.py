"""Activation functions and their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cnnbench.network.layers import Activate, Activation
from cnnbench.testing.reference.node import Array, Node

Function = Callable[[Array], Array]


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow for large negative x."""
    return np.exp(-np.logaddexp(0, -x))


def _erf(x: Array) -> Array:
    from scipy.special import erf

    value: Array = erf(x)
    return value


def _normal_below(x: Array) -> Array:
    """The standard normal distribution function."""
    return (1 + _erf(x / np.sqrt(2))) / 2


def _normal_density(x: Array) -> Array:
    density: Array = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return density


FUNCTIONS: Mapping[Activation, tuple[Function, Function]] = {
    "linear": (lambda x: x, np.ones_like),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(np.float64)),
    "elu": (
        lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        lambda x: np.where(x > 0, 1.0, np.exp(np.minimum(x, 0))),
    ),
    "gelu": (
        lambda x: x * _normal_below(x),
        lambda x: _normal_below(x) + x * _normal_density(x),
    ),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
}
"""Each function and its derivative. relu's derivative at 0 is 0; gelu is the exact one."""


class ActivateNode(Node[Activate]):
    """An activation as a layer of its own."""

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """The function of x."""
        self.x = x
        return FUNCTIONS[self.layer.function][0](x)

    def backward(self, slope: Array) -> Array:
        """Times the function's derivative."""
        return slope * FUNCTIONS[self.layer.function][1](self.x)
