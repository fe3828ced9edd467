"""PyTorch's optimisers with the formulas of `cnnbench.plugin.backend.Optimization`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import sqrt

import torch
from torch import Tensor

from cnnbench.plugin.backend import Optimization

EPSILON = 1e-7

Update = Callable[[float], None]
"""One step along the gradients in `.grad`, with this learning rate (above zero)."""


def make_update(parameters: Sequence[Tensor], optimization: Optimization) -> Update:
    """The update of these parameters, with its state."""
    match optimization.optimizer:
        case "sgd":
            return Momentum(parameters, 0.0)
        case "momentum":
            return Momentum(parameters, optimization.momentum)
        case "rmsprop":
            return RMSprop(parameters)
        case "adam":
            return Adam(torch.optim.Adam(parameters, fused=True))
        case "adamw":
            decay = optimization.weight_decay
            return Adam(torch.optim.AdamW(parameters, weight_decay=decay, fused=True))
    raise AssertionError(f"capabilities do not name {optimization.optimizer}")


class Momentum:
    """PyTorch keeps the sum of gradients, w -= lr * v, where the formula keeps lr * v."""

    def __init__(self, parameters: Sequence[Tensor], momentum: float) -> None:
        self._optimizer = torch.optim.SGD(parameters, lr=1.0, momentum=momentum, fused=True)

    def __call__(self, learning_rate: float) -> None:
        """Take a step; a new learning rate leaves the velocity as it was."""
        [group] = self._optimizer.param_groups
        for state in self._optimizer.state.values() if learning_rate != group["lr"] else ():
            if state.get("momentum_buffer") is not None:
                state["momentum_buffer"].mul_(group["lr"] / learning_rate)
        group["lr"] = learning_rate
        self._optimizer.step()


class Adam:
    """PyTorch adds epsilon to sqrt(s / (1 - 0.999^t)), the formula to sqrt(s)."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._steps = 0

    def __call__(self, learning_rate: float) -> None:
        """Take a step."""
        self._steps += 1
        [group] = self._optimizer.param_groups
        group["lr"] = learning_rate
        group["eps"] = EPSILON / sqrt(1 - 0.999**self._steps)
        self._optimizer.step()


class RMSprop:
    """The formula has epsilon inside the root, for which PyTorch offers no fused kernel."""

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self._parameters = list(parameters)
        self._squares = [torch.zeros_like(parameter) for parameter in parameters]

    def __call__(self, learning_rate: float) -> None:
        """Take a step, one kernel for all parameters at a time."""
        gradients = [parameter.grad for parameter in self._parameters]
        # The many-tensor kernels have no public names; PyTorch's own optimisers call them too.
        with torch.no_grad():
            torch._foreach_mul_(self._squares, 0.9)
            torch._foreach_addcmul_(self._squares, gradients, gradients, 0.1)
            roots = torch._foreach_add(self._squares, EPSILON)  # noqa: SLF001 - see above
            torch._foreach_sqrt_(roots)
            torch._foreach_addcdiv_(self._parameters, gradients, roots, -learning_rate)
