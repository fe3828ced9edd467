"""The optimisers of `cnnbench.plugin.backend.Optimization`, a class a formula."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from cnnbench.testing.reference.node import Array
from cnnbench.trials.optimization import Optimization


class Rule(ABC):
    """How an array moves; state is kept by the array's name and starts at zero."""

    def __init__(self, optimization: Optimization) -> None:
        self.optimization = optimization
        self.t = 0
        self.state: dict[str, Array] = {}

    def begin_step(self) -> None:
        """Count a step; called once a batch, before its arrays move."""
        self.t += 1

    def follow(self, name: str, value: Array, decay: float) -> Array:
        """The exponential average of `value` under `name`, brought up to date."""
        old = self.state.get(name, np.zeros_like(value))
        self.state[name] = decay * old + (1 - decay) * value
        return self.state[name]

    @abstractmethod
    def move(self, name: str, w: Array, g: Array, lr: float) -> Array:
        """The array after the step, given its gradient."""


class Sgd(Rule):
    """Plain gradient descent."""

    def move(self, name: str, w: Array, g: Array, lr: float) -> Array:  # noqa: ARG002 - no state
        """To w - lr g."""
        return w - lr * g


class Momentum(Rule):
    """The learning rate enters the velocity, so a change of it acts on later gradients only."""

    def move(self, name: str, w: Array, g: Array, lr: float) -> Array:
        """With v = momentum v - lr g to w + v."""
        old = self.state.get(name, np.zeros_like(w))
        self.state[name] = self.optimization.momentum * old - lr * g
        return w + self.state[name]


class RMSprop(Rule):
    """epsilon stands inside the root."""

    def move(self, name: str, w: Array, g: Array, lr: float) -> Array:
        """To w - lr g / sqrt(s + 1e-7), s the average of g^2."""
        square = self.follow(name, g**2, 0.9)
        return w - lr * g / np.sqrt(square + 1e-7)


class Adam(Rule):
    """epsilon stands outside the root and is not bias-corrected."""

    def correction(self) -> float:
        """The factor that makes up for averages that start at zero."""
        return float(np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t))

    def move(self, name: str, w: Array, g: Array, lr: float) -> Array:
        """To w - lr correction m / (sqrt(s) + 1e-7), m and s the averages of g and g^2."""
        mean = self.follow(f"{name} mean", g, 0.9)
        square = self.follow(f"{name} square", g**2, 0.999)
        return w - lr * self.correction() * mean / (np.sqrt(square) + 1e-7)


class AdamW(Adam):
    """Decay first, biases and normalisation arrays included, then Adam."""

    def move(self, name: str, w: Array, g: Array, lr: float) -> Array:
        """Adam's step from w - lr weight_decay w."""
        return super().move(name, w - lr * self.optimization.weight_decay * w, g, lr)
