"""Activation functions and their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cnnbench.network.layers import Activate, Activation
from cnnbench.testing.reference.node import Array, ReferenceNode

Function = Callable[[Array], Array]
Back = Callable[[Array, Array], Array]
"""From the input and the gradient by the output to the gradient by the input."""


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


def softmax(x: Array) -> Array:
    """Over the last axis: exp(x) / sum exp(x)."""
    powers: Array = np.exp(x - x.max(axis=-1, keepdims=True))
    total: Array = powers.sum(axis=-1, keepdims=True)
    return powers / total


def _softmax_back(x: Array, slope: Array) -> Array:
    """Every output depends on every input of its axis."""
    y = softmax(x)
    weighted: Array = (y * slope).sum(axis=-1, keepdims=True)
    return y * (slope - weighted)


def _hard_sigmoid(x: Array) -> Array:
    return np.clip(x / 6 + 0.5, 0, 1)


def _between(x: Array, low: float, high: float) -> Array:
    return ((x > low) & (x < high)).astype(np.float64)


LEAK = 0.2
SELU = (1.0507009873554805, 1.6732632423543772)
"""Scale and alpha of Klambauer et al. 2017."""

_DERIVED: Mapping[Activation, tuple[Function, Function]] = {
    "linear": (lambda x: x, np.ones_like),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(np.float64)),
    "relu6": (lambda x: np.clip(x, 0, 6), lambda x: _between(x, 0, 6)),
    "leaky_relu": (
        lambda x: np.where(x > 0, x, LEAK * x),
        lambda x: np.where(x > 0, 1.0, LEAK),
    ),
    "elu": (
        lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        lambda x: np.where(x > 0, 1.0, np.exp(np.minimum(x, 0))),
    ),
    "selu": (
        lambda x: SELU[0] * np.where(x > 0, x, SELU[1] * np.expm1(np.minimum(x, 0))),
        lambda x: SELU[0] * np.where(x > 0, 1.0, SELU[1] * np.exp(np.minimum(x, 0))),
    ),
    "gelu": (
        lambda x: x * _normal_below(x),
        lambda x: _normal_below(x) + x * _normal_density(x),
    ),
    "silu": (
        lambda x: x * sigmoid(x),
        lambda x: sigmoid(x) * (1 + x * sigmoid(-x)),
    ),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "hard_sigmoid": (_hard_sigmoid, lambda x: _between(x, -3, 3) / 6),
    "hard_swish": (
        lambda x: x * _hard_sigmoid(x),
        lambda x: _hard_sigmoid(x) + x * _between(x, -3, 3) / 6,
    ),
    "softplus": (lambda x: np.logaddexp(0, x), sigmoid),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
}
"""Functions of single values, and their derivatives. relu's at 0 is 0; gelu is the exact one."""


def _times(derivative: Function) -> Back:
    return lambda x, slope: slope * derivative(x)


FUNCTIONS: Mapping[Activation, tuple[Function, Back]] = {
    "softmax": (softmax, _softmax_back),
    **{name: (function, _times(slope)) for name, (function, slope) in _DERIVED.items()},
}
"""Each function, and its way back."""


class ActivateNode(ReferenceNode[Activate]):
    """An activation as a layer of its own."""

    def forward(self, x: Array, *, training: bool) -> Array:  # noqa: ARG002 - same in both
        """The function of x."""
        self.x = x
        return FUNCTIONS[self.layer.function][0](x)

    def backward(self, slope: Array) -> Array:
        """Times the function's derivative."""
        return FUNCTIONS[self.layer.function][1](self.x, slope)
