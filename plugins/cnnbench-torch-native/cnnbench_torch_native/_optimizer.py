"""One step of each optimiser with the formulas of `cnnbench.plugin.Optimization`."""

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
    name = optimization.optimizer
    if name in {"adam", "adamw"}:
        decay = optimization.weight_decay if name == "adamw" else 0.0
        return partial(_adam, torch.optim.AdamW(arrays, weight_decay=decay, fused=True), count(1))
    state = [torch.zeros_like(array) for array in arrays]
    if name == "rmsprop":
        return partial(_rmsprop, arrays, state)
    return partial(_momentum, arrays, state, optimization.momentum if name == "momentum" else 0.0)


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
    arrays: Sequence[Tensor], velocities: list[Tensor], momentum: float, learning_rate: float
) -> None:
    """PyTorch's own keeps the learning rate out of v, which matters once the rate changes."""
    # The many-tensor kernels have no public names; PyTorch's own optimisers call them too.
    with torch.no_grad():
        torch._foreach_mul_(velocities, momentum)
        torch._foreach_add_(velocities, [array.grad for array in arrays], alpha=-learning_rate)
        torch._foreach_add_(arrays, velocities)


def _rmsprop(arrays: Sequence[Tensor], squares: list[Tensor], learning_rate: float) -> None:
    """The formula has epsilon inside the root, for which PyTorch has no fused kernel."""
    gradients = [array.grad for array in arrays]
    with torch.no_grad():
        torch._foreach_mul_(squares, 0.9)
        torch._foreach_addcmul_(squares, gradients, gradients, 0.1)
        roots = torch._foreach_add(squares, 1e-7)  # noqa: SLF001 - see above
        torch._foreach_sqrt_(roots)
        torch._foreach_addcdiv_(arrays, gradients, roots, -learning_rate)
