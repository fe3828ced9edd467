"""PyTorch's optimisers with the formulas of `cnnbench.plugin.backend.Optimization`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from cnnbench.plugin.backend import Optimization

Update = Callable[[float], None]
"""One step along the gradients in `.grad`, with this learning rate (above zero)."""


def make_update(parameters: Sequence[Tensor], optimization: Optimization) -> Update:
    """The update of these parameters, with its state."""
    match optimization.optimizer:
        case "rmsprop":
            return partial(_rmsprop, parameters, [torch.zeros_like(x) for x in parameters])
        case "adam" | "adamw":
            decay = optimization.weight_decay if optimization.optimizer == "adamw" else 0.0
            adam = torch.optim.AdamW(parameters, weight_decay=decay, fused=True)
            return partial(_adam, adam, count(1))
        case _:
            momentum = optimization.momentum if optimization.optimizer == "momentum" else 0.0
            sgd = torch.optim.SGD(parameters, lr=1.0, momentum=momentum, fused=True)
            return partial(_momentum, sgd)


def _momentum(sgd: torch.optim.SGD, learning_rate: float) -> None:
    """PyTorch keeps v of w -= lr * v, the formula lr * v, which a new lr must leave alone."""
    [group] = sgd.param_groups
    if learning_rate != group["lr"]:
        for state in sgd.state.values():
            if state.get("momentum_buffer") is not None:
                state["momentum_buffer"].mul_(group["lr"] / learning_rate)
        group["lr"] = learning_rate
    sgd.step()


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


def _rmsprop(parameters: Sequence[Tensor], squares: list[Tensor], learning_rate: float) -> None:
    """The formula has epsilon inside the root, for which PyTorch has no fused kernel."""
    gradients = [parameter.grad for parameter in parameters]
    # The many-tensor kernels have no public names; PyTorch's own optimisers call them too.
    with torch.no_grad():
        torch._foreach_mul_(squares, 0.9)
        torch._foreach_addcmul_(squares, gradients, gradients, 0.1)
        roots = torch._foreach_add(squares, 1e-7)  # noqa: SLF001 - see above
        torch._foreach_sqrt_(roots)
        torch._foreach_addcdiv_(parameters, gradients, roots, -learning_rate)
