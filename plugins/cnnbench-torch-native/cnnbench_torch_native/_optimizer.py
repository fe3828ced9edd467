"""One step of each optimiser with the formulas of `cnnbench.plugin.Optimization`."""
# The many-tensor kernels have no public names; PyTorch's own optimisers call them too.
# ruff: noqa: SLF001

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from cnnbench.plugin import Optimization

Update = Callable[[float], None]
"""One step along the gradients in `.grad`, with this learning rate (above zero)."""


def make_update(arrays: Sequence[Tensor], optimization: Optimization) -> Update:
    """The update of these arrays, with its state; there are none where every layer is frozen."""
    if not arrays:
        return lambda _: None
    state = partial(_filled, arrays)
    update: Update
    match optimization.optimizer:
        case "sgd":
            update = partial(_momentum, arrays, state(), 0.0, False)
        case "momentum":
            how = optimization.momentum, optimization.nesterov
            update = partial(_momentum, arrays, state(), *how)
        case "rmsprop":
            update = partial(_rooted, arrays, state(), 0.9, 0.1)
        case "adagrad":
            start = optimization.initial_accumulator_value
            update = partial(_rooted, arrays, state(start), 1.0, 1.0)
        case "adam" | "adamw" as name:
            decay = optimization.weight_decay if name == "adamw" else 0.0
            adam = torch.optim.AdamW(arrays, weight_decay=decay, fused=True)
            update = partial(_adam, adam, count(1))
        case "nadam":
            update = partial(_nadam, arrays, state(), state(), _nadam_factors())
        case "adamax":
            update = partial(_adamax, arrays, state(), state(), count(1))
        case "lion":
            update = partial(_lion, arrays, state())
        case other:
            raise AssertionError(f"capabilities do not name {other}")
    largest = optimization.global_clipnorm
    return partial(_clipped, arrays, largest, update) if largest else update


def _filled(arrays: Sequence[Tensor], start: float = 0.0) -> list[Tensor]:
    return [torch.full_like(array, start, requires_grad=False) for array in arrays]


def _clipped(
    arrays: Sequence[Tensor], largest: float, update: Update, learning_rate: float
) -> None:
    """PyTorch's own adds 1e-6 to the norm."""
    gradients = _gradients(arrays)
    norm = torch.nn.utils.get_total_norm(gradients)
    torch._foreach_mul_(gradients, largest / norm.clamp(min=largest))
    update(learning_rate)


def _adam(adam: torch.optim.AdamW, steps: Iterator[int], learning_rate: float) -> None:
    """PyTorch adds epsilon to sqrt(s / (1 - 0.999^t)) where the formula adds it to sqrt(s).

    Keras corrects the bias in float32, where 1 - 0.999 is 1e-5 of itself too small. Training makes
    a percent of the loss of that within some hundred steps, so the corrections are rounded alike.
    """
    [group] = adam.param_groups
    step = next(steps)
    first, second = 1 - 0.9**step, 1 - 0.999**step
    rounded_first, rounded_second = (1 - np.float32(beta) ** step for beta in (0.9, 0.999))
    rounded = float(np.sqrt(rounded_second) / rounded_first) * first / sqrt(second)
    group["lr"], group["eps"] = learning_rate * rounded, 1e-7 / sqrt(second)
    adam.step()


def _momentum(
    arrays: Sequence[Tensor],
    velocities: list[Tensor],
    momentum: float,
    nesterov: bool,
    learning_rate: float,
) -> None:
    """PyTorch's own keeps the learning rate out of v, which matters once the rate changes."""
    gradients = _gradients(arrays)
    with torch.no_grad():
        torch._foreach_mul_(velocities, momentum)
        torch._foreach_add_(velocities, gradients, alpha=-learning_rate)
        if nesterov:
            torch._foreach_add_(arrays, velocities, alpha=momentum)
            torch._foreach_add_(arrays, gradients, alpha=-learning_rate)
        else:
            torch._foreach_add_(arrays, velocities)


def _rooted(
    arrays: Sequence[Tensor],
    squares: list[Tensor],
    kept: float,
    added: float,
    learning_rate: float,
) -> None:
    """RMSprop and Adagrad have epsilon inside the root, for which PyTorch has no fused kernel."""
    gradients = _gradients(arrays)
    with torch.no_grad():
        if kept != 1:
            torch._foreach_mul_(squares, kept)
        torch._foreach_addcmul_(squares, gradients, gradients, added)
        roots = torch._foreach_add(squares, 1e-7)
        torch._foreach_sqrt_(roots)
        torch._foreach_addcdiv_(arrays, gradients, roots, -learning_rate)


def _nadam_factors() -> Iterator[tuple[float, float, float]]:
    """Of each step: the parts that m and g have in it, and what s is divided by.

    In float32, as Keras has them (see `_adam`). The power of 0.96 of PyTorch's own is t / 250.
    """
    product = np.float32(1)
    for step in count(1):
        now, following = (
            np.float32(0.9) * (1 - np.float32(0.5) * np.float32(0.96) ** at)
            for at in (step, step + 1)
        )
        product = product * now
        of_mean, of_gradient = following / (1 - product * following), (1 - now) / (1 - product)
        yield float(of_mean), float(of_gradient), float(1 - np.float32(0.999) ** step)


def _nadam(
    arrays: Sequence[Tensor],
    means: list[Tensor],
    squares: list[Tensor],
    factors: Iterator[tuple[float, float, float]],
    learning_rate: float,
) -> None:
    of_mean, of_gradient, second = next(factors)
    gradients = _gradients(arrays)
    with torch.no_grad():
        torch._foreach_lerp_(means, gradients, 0.1)
        torch._foreach_mul_(squares, 0.999)
        torch._foreach_addcmul_(squares, gradients, gradients, 0.001)
        roots = torch._foreach_div(squares, second)
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, 1e-7)
        moves = torch._foreach_mul(means, of_mean)
        torch._foreach_add_(moves, gradients, alpha=of_gradient)
        torch._foreach_addcdiv_(arrays, moves, roots, -learning_rate)


def _adamax(
    arrays: Sequence[Tensor],
    means: list[Tensor],
    norms: list[Tensor],
    steps: Iterator[int],
    learning_rate: float,
) -> None:
    """PyTorch adds epsilon to |g| before it takes the larger."""
    gradients = _gradients(arrays)
    rate = learning_rate / float(1 - np.float32(0.9) ** next(steps))
    with torch.no_grad():
        torch._foreach_lerp_(means, gradients, 0.1)
        torch._foreach_mul_(norms, 0.999)
        torch._foreach_maximum_(norms, torch._foreach_abs(gradients))
        torch._foreach_addcdiv_(arrays, means, torch._foreach_add(norms, 1e-7), -rate)


def _lion(arrays: Sequence[Tensor], means: list[Tensor], learning_rate: float) -> None:
    gradients = _gradients(arrays)
    with torch.no_grad():
        moves = torch._foreach_mul(means, 0.9)
        torch._foreach_add_(moves, gradients, alpha=0.1)
        torch._foreach_sign_(moves)
        torch._foreach_add_(arrays, moves, alpha=-learning_rate)
        torch._foreach_lerp_(means, gradients, 0.01)


def _gradients(arrays: Sequence[Tensor]) -> list[Tensor]:
    return [array.grad for array in arrays if array.grad is not None]
