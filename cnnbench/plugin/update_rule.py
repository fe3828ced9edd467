"""The optimisers by the formulas of `Optimization`, for arrays of any framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from cnnbench.trials.optimization import Optimization

EPSILON = 1e-7
Arrays = Mapping[str, Any]
"""By name."""
Kept = Mapping[str, tuple[Any, ...]]
"""What an optimiser keeps for each array, by the array's name."""


class UpdateRule:
    """How the arrays of a model move, given their gradients, whatever they are arrays of.

        rule = UpdateRule(Optimization("momentum", global_clipnorm=1.0), np)
        arrays = {"dense_1/kernel": np.ones((4, 2)), "dense_1/bias": np.zeros(2)}
        kept = rule.start(arrays)
        gradients = {name: array - 0.5 for name, array in arrays.items()}
        arrays, kept = rule.step(arrays, gradients, kept, 0.1, rule.factors(1))

    functions: `maximum`, `sign`, `sqrt` and `zeros_like` of the arrays, which the modules numpy,
    jax.numpy, torch and mlx.core have by these names; clipping needs their `ndim`, `reshape` and
    `sum(axis)`, too, as NumPy's arrays have them. replicates: of a stack, whose arrays have
    them along a first axis, and which are clipped by a norm each; 1 also for arrays without such an
    axis.

    `step` changes nothing that it is given, so that it can be compiled and differentiated; all that
    depends on the number of the step is in `factors`, which a compiled step takes as an argument.
    A framework's own optimiser, if its formula is the same, is faster where it is fused.
    """

    def __init__(self, optimization: Optimization, functions: Any, replicates: int = 1) -> None:
        self.optimization = optimization
        self.functions = functions
        self._replicates = replicates
        self._move, self._factors, self._slots = _RULES[optimization.optimizer]

    def start(self, arrays: Arrays) -> dict[str, tuple[Any, ...]]:
        """What the optimiser keeps before its first step, in arrays shaped as those."""
        adagrad = self.optimization.optimizer == "adagrad"
        first = self.optimization.initial_accumulator_value if adagrad else 0.0
        zeros = self.functions.zeros_like
        return {
            name: tuple(zeros(array) + first for _ in range(self._slots))
            for name, array in arrays.items()
        }

    def factors(self, step: int) -> tuple[float, ...]:
        """What depends on the number of the step alone, counted from 1: up to three numbers.

        They are rounded where Keras computes them in float32, in which 1 - 0.999 is 1e-5 of itself
        too small. Training makes a percent of the loss of that within some hundred steps.
        """
        return self._factors(step)

    def step(
        self,
        arrays: Arrays,
        gradients: Arrays,
        kept: Kept,
        learning_rate: Any,
        factors: tuple[Any, ...],
    ) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
        """The arrays that have a gradient, and what is kept of them, after a step.

        It begins with `clip`.
        """
        at = _At(self.optimization, self.functions, learning_rate, factors)
        moved, now_kept = {}, {}
        for name, gradient in self.clip(gradients).items():
            moved[name], *slots = self._move(at, arrays[name], gradient, *kept[name])
            now_kept[name] = tuple(slots)
        return moved, now_kept

    def clip(self, gradients: Arrays) -> Arrays:
        """Of each replicate all times min(1, global_clipnorm / their norm as one vector).

        As they are where global_clipnorm is 0.
        """
        if not self.optimization.global_clipnorm or not gradients:
            return gradients
        squares = [(g * g).reshape(self._replicates, -1).sum(1) for g in gradients.values()]
        norms = self.functions.sqrt(sum(squares[1:], start=squares[0]))
        largest = self.functions.zeros_like(norms) + self.optimization.global_clipnorm
        factors = largest / self.functions.maximum(norms, largest)
        return {name: g * factors.reshape(-1, *[1] * (g.ndim - 1)) for name, g in gradients.items()}


class _At(NamedTuple):
    """A step, of which the formulas speak."""

    how: Optimization
    functions: Any
    rate: Any
    factors: tuple[Any, ...]


def _sgd(at: _At, w: Any, g: Any) -> tuple[Any, ...]:
    return (w - at.rate * g,)


def _momentum(at: _At, w: Any, g: Any, v: Any) -> tuple[Any, ...]:
    moves = at.rate * g
    v = at.how.momentum * v - moves
    return (w + (at.how.momentum * v - moves if at.how.nesterov else v)), v


def _rmsprop(at: _At, w: Any, g: Any, s: Any) -> tuple[Any, ...]:
    s = 0.9 * s + 0.1 * (g * g)
    return w - at.rate * g / at.functions.sqrt(s + EPSILON), s


def _adagrad(at: _At, w: Any, g: Any, s: Any) -> tuple[Any, ...]:
    s = s + g * g
    return w - at.rate * g / at.functions.sqrt(s + EPSILON), s


def _adam(at: _At, w: Any, g: Any, m: Any, s: Any) -> tuple[Any, ...]:
    [correction] = at.factors
    m, s = _averages(g, m, s)
    return w - at.rate * correction * m / (at.functions.sqrt(s) + EPSILON), m, s


def _adamw(at: _At, w: Any, g: Any, m: Any, s: Any) -> tuple[Any, ...]:
    return _adam(at, w - at.rate * at.how.weight_decay * w, g, m, s)


def _nadam(at: _At, w: Any, g: Any, m: Any, s: Any) -> tuple[Any, ...]:
    of_mean, of_gradient, of_square = at.factors
    m, s = _averages(g, m, s)
    moves = of_mean * m + of_gradient * g
    return w - at.rate * moves / (at.functions.sqrt(s / of_square) + EPSILON), m, s


def _adamax(at: _At, w: Any, g: Any, m: Any, u: Any) -> tuple[Any, ...]:
    [correction] = at.factors
    m, u = 0.9 * m + 0.1 * g, at.functions.maximum(0.999 * u, abs(g))
    return w - at.rate * correction * m / (u + EPSILON), m, u


def _lion(at: _At, w: Any, g: Any, m: Any) -> tuple[Any, ...]:
    return w - at.rate * at.functions.sign(0.9 * m + 0.1 * g), 0.99 * m + 0.01 * g


def _averages(g: Any, m: Any, s: Any) -> tuple[Any, Any]:
    return 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * (g * g)


def _no_factors(step: int) -> tuple[float, ...]:  # noqa: ARG001 - none of them counts
    return ()


def _of_adam(step: int) -> tuple[float, ...]:
    return (float(np.sqrt(_correction(0.999, step)) / _correction(0.9, step)),)


def _of_adamax(step: int) -> tuple[float, ...]:
    return (float(1 / _correction(0.9, step)),)


def _of_nadam(step: int) -> tuple[float, ...]:
    # From step 2000 on every share is 0.9 in float32, and the product of all is 0.
    powers = np.float32(0.96) ** np.arange(1, min(step, 2000) + 2, dtype=np.float32)
    shares = np.float32(0.9) * (1 - powers / 2)
    now, following, product = shares[-2], shares[-1], shares[:-1].prod()
    of_mean, of_gradient = following / (1 - product * following), (1 - now) / (1 - product)
    return float(of_mean), float(of_gradient), float(_correction(0.999, step))


def _correction(beta: float, step: int) -> np.float32:
    """What makes up for an average that starts at zero."""
    return np.float32(1) - np.float32(beta) ** np.float32(step)


_Move = Callable[..., tuple[Any, ...]]
_Factors = Callable[[int], tuple[float, ...]]
_RULES: Mapping[str, tuple[_Move, _Factors, int]] = {
    "sgd": (_sgd, _no_factors, 0),
    "momentum": (_momentum, _no_factors, 1),
    "rmsprop": (_rmsprop, _no_factors, 1),
    "adagrad": (_adagrad, _no_factors, 1),
    "adam": (_adam, _of_adam, 2),
    "adamw": (_adamw, _of_adam, 2),
    "nadam": (_nadam, _of_nadam, 2),
    "adamax": (_adamax, _of_adamax, 2),
    "lion": (_lion, _no_factors, 1),
}
"""Of each optimiser the move of an array, its factors, and how many arrays it keeps."""
