"""One step of each optimiser with the formulas of `cnnbench.plugin.Optimization`."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import torch
from torch import Tensor

from cnnbench.plugin import Optimization, UpdateRule


class Optimizer:
    """Moves arrays, with replicates along a first axis of each, along the gradients in `.grad`.

    PyTorch's own optimisers mean something else by most of the names: their momentum keeps the
    learning rate out of v, which matters once the rate changes, and epsilon stands elsewhere. Only
    its Adam and AdamW, which are fused, can be made to mean the same.
    """

    def __init__(
        self, arrays: Mapping[str, Tensor], optimization: Optimization, replicates: int
    ) -> None:
        self._arrays = arrays
        self._steps = 0
        self._rule = UpdateRule(optimization, torch, replicates)
        self._adam: torch.optim.AdamW | None = None
        if optimization.optimizer in {"adam", "adamw"} and arrays:
            decay = optimization.weight_decay if optimization.optimizer == "adamw" else 0.0
            self._adam = torch.optim.AdamW(arrays.values(), weight_decay=decay, fused=True)
        self._kept = {} if self._adam else self._rule.start(arrays)

    @torch.no_grad()  # type: ignore[untyped-decorator]  # PyTorch is Any to mypy
    def step(self, learning_rate: float) -> None:
        """Take a step at this rate (above zero), and let the gradients go."""
        self._steps += 1
        factors = self._rule.factors(self._steps)
        gradients = {name: array.grad for name, array in self._arrays.items()}
        if self._adam:
            for name, gradient in self._rule.clip(gradients).items():
                self._arrays[name].grad = gradient
            _step(self._adam, self._steps, learning_rate, *factors)
        else:
            made, self._kept = self._rule.step(
                self._arrays, gradients, self._kept, learning_rate, factors
            )
            for name, array in made.items():
                self._arrays[name].copy_(array)
        for array in self._arrays.values():
            array.grad = None


def _step(adam: torch.optim.AdamW, step: int, rate: float, correction: float) -> None:
    """PyTorch adds epsilon to sqrt(s / (1 - 0.999^t)) where the formula adds it to sqrt(s).

    Its own corrections, in double precision, are replaced by that of the formula.
    """
    [group] = adam.param_groups
    first, second = 1 - 0.9**step, sqrt(1 - 0.999**step)
    group["lr"], group["eps"] = rate * correction * first / second, 1e-7 / second
    adam.step()
