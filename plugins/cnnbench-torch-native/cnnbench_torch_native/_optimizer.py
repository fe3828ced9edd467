"""One step of each optimiser with the formulas of `cnnbench.plugin.Optimization`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import sqrt
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cnnbench.plugin import Optimization

EPSILON = 1e-7


class Optimizer:
    """Moves arrays, with replicates along a first axis of each, along the gradients in `.grad`.

    PyTorch's own optimisers mean something else by most of the names: their momentum keeps the
    learning rate out of v, which matters once the rate changes, and epsilon stands elsewhere.
    """

    def __init__(self, arrays: Sequence[Tensor], optimization: Optimization) -> None:
        self._arrays = arrays
        self._optimization = optimization
        self._steps = 0
        self._rule, slots = _RULES[optimization.optimizer]
        self._slots = [[torch.zeros_like(x) for _ in range(slots)] for x in arrays]
        decay = optimization.weight_decay if optimization.optimizer == "adamw" else 0.0
        fused = self._rule is None and arrays
        self._adam = torch.optim.AdamW(arrays, weight_decay=decay, fused=True) if fused else None

    @torch.no_grad()  # type: ignore[untyped-decorator]  # PyTorch is Any to mypy
    def step(self, learning_rate: float) -> None:
        """Take a step at this rate (above zero), and let the gradients go."""
        self._steps += 1
        if self._optimization.global_clipnorm and self._arrays:
            _clip(self._arrays, self._optimization.global_clipnorm)
        if self._adam:
            _step_as_keras(self._adam, learning_rate, self._steps)
        if self._rule:
            at = _At(self._optimization, learning_rate, self._steps)
            for array, slots in zip(self._arrays, self._slots, strict=True):
                self._rule(at, array, array.grad, *slots)
        for array in self._arrays:
            array.grad = None


class _At(NamedTuple):
    """A step of an optimiser, counted from 1."""

    how: Optimization
    rate: float
    step: int


def _clip(arrays: Sequence[Tensor], largest: float) -> None:
    """Each replicate's gradients by their own norm, to which PyTorch's own adds 1e-6."""
    squares = [array.grad.flatten(1).square().sum(1) for array in arrays]
    factors = largest / torch.stack(squares).sum(0).sqrt().clamp(min=largest)
    for array in arrays:
        array.grad.mul_(factors.view(-1, *[1] * (array.ndim - 1)))


def _step_as_keras(adam: torch.optim.AdamW, rate: float, step: int) -> None:
    """PyTorch adds epsilon to sqrt(s / (1 - 0.999^t)) where the formula adds it to sqrt(s).

    Keras corrects the bias in float32, where 1 - 0.999 is 1e-5 of itself too small. Training makes
    a percent of the loss of that within some hundred steps, so the corrections are rounded alike.
    """
    [group] = adam.param_groups
    first, second = 1 - 0.9**step, 1 - 0.999**step
    rounded = sqrt(_correction(0.999, step)) / _correction(0.9, step) * first / sqrt(second)
    group["lr"], group["eps"] = rate * rounded, EPSILON / sqrt(second)
    adam.step()


def _correction(beta: float, step: int) -> float:
    return float(1 - np.float32(beta) ** step)


def _sgd(at: _At, w: Tensor, g: Tensor) -> None:
    w.sub_(g, alpha=at.rate)


def _momentum(at: _At, w: Tensor, g: Tensor, v: Tensor) -> None:
    v.mul_(at.how.momentum).sub_(g, alpha=at.rate)
    if at.how.nesterov:
        w.add_(v, alpha=at.how.momentum).sub_(g, alpha=at.rate)
    else:
        w.add_(v)


def _rmsprop(at: _At, w: Tensor, g: Tensor, s: Tensor) -> None:
    s.mul_(0.9).addcmul_(g, g, value=0.1)
    w.addcdiv_(g, (s + EPSILON).sqrt_(), value=-at.rate)


def _adagrad(at: _At, w: Tensor, g: Tensor, s: Tensor) -> None:
    s.add_(at.how.initial_accumulator_value if at.step == 1 else 0.0).addcmul_(g, g)
    w.addcdiv_(g, (s + EPSILON).sqrt_(), value=-at.rate)


def _nadam(at: _At, w: Tensor, g: Tensor, m: Tensor, s: Tensor) -> None:
    """In float32, as Keras has its factors. The power of 0.96 of PyTorch's own is t / 250."""
    now, following = _share(at.step), _share(at.step + 1)
    product = _product(at.step)
    of_mean, of_gradient = following / (1 - product * following), (1 - now) / (1 - product)
    m.lerp_(g, 0.1)
    s.mul_(0.999).addcmul_(g, g, value=0.001)
    moves = (m * float(of_mean)).add_(g, alpha=float(of_gradient))
    roots = (s / _correction(0.999, at.step)).sqrt_().add_(EPSILON)
    w.addcdiv_(moves, roots, value=-at.rate)


def _share(step: int) -> np.float32:
    """What the formula calls u(t)."""
    return np.float32(0.9) * (1 - np.float32(0.5) * np.float32(0.96) ** step)


@cache
def _product(step: int) -> np.float32:
    """What the formula calls p, which grows by a factor a step."""
    return _product(step - 1) * _share(step) if step else np.float32(1)


def _adamax(at: _At, w: Tensor, g: Tensor, m: Tensor, u: Tensor) -> None:
    """PyTorch's own adds epsilon to |g| before it takes the larger."""
    m.lerp_(g, 0.1)
    torch.maximum(u.mul_(0.999), g.abs(), out=u)
    w.addcdiv_(m, u + EPSILON, value=-at.rate / _correction(0.9, at.step))


def _lion(at: _At, w: Tensor, g: Tensor, m: Tensor) -> None:
    w.sub_((m * 0.9).add_(g, alpha=0.1).sign_(), alpha=at.rate)
    m.lerp_(g, 0.01)


_RULES: Mapping[str, tuple[Callable[..., None] | None, int]] = {
    "sgd": (_sgd, 0),
    "momentum": (_momentum, 1),
    "rmsprop": (_rmsprop, 1),
    "adagrad": (_adagrad, 1),
    "adam": (None, 0),
    "adamw": (None, 0),
    "nadam": (_nadam, 2),
    "adamax": (_adamax, 2),
    "lion": (_lion, 1),
}
"""Of each optimiser the step of an array, and how many arrays of state it keeps; None: fused."""
