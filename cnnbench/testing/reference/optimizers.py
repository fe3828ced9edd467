"""The optimisers of `cnnbench.plugin.backend.Optimization`, a class a formula."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import prod

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
        """With v = momentum v - lr g to w + v, or, if Nesterov's, to w + momentum v - lr g."""
        momentum = self.optimization.momentum
        self.state[name] = momentum * self.state.get(name, np.zeros_like(w)) - lr * g
        if self.optimization.nesterov:
            return w + momentum * self.state[name] - lr * g
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


class Nadam(Rule):
    """Adam's averages with Nesterov's momentum, which grows over the first steps."""

    def share(self, step: int) -> float:
        """The momentum of a step: 0.9 (1 - 0.96^step / 2)."""
        return 0.9 * (1 - 0.96**step / 2)

    def shares(self) -> tuple[float, float]:
        """What counts of the average of g, and of g itself."""
        now, following = self.share(self.t), self.share(self.t + 1)
        product = prod(self.share(step) for step in range(1, self.t + 1))
        return following / (1 - product * following), (1 - now) / (1 - product)

    def move(self, name: str, w: Array, g: Array, lr: float) -> Array:
        """By lr (a m + b g) / (sqrt(s / (1 - 0.999^t)) + 1e-7), a and b being `shares`."""
        mean = self.follow(f"{name} mean", g, 0.9)
        square = self.follow(f"{name} square", g**2, 0.999)
        of_mean, of_gradient = self.shares()
        root = np.sqrt(square / (1 - 0.999**self.t))
        return w - lr * (of_mean * mean + of_gradient * g) / (root + 1e-7)


class Adagrad(Rule):
    """epsilon stands inside the root; nothing is ever forgotten."""

    def move(self, name: str, w: Array, g: Array, lr: float) -> Array:
        """To w - lr g / sqrt(s + 1e-7), s the sum of g^2 and of what it started from."""
        start = np.full_like(w, self.optimization.initial_accumulator_value)
        self.state[name] = self.state.get(name, start) + g**2
        return w - lr * g / np.sqrt(self.state[name] + 1e-7)


class Adamax(Rule):
    """Adam with the largest gradient of late in place of the mean square, which needs no start."""

    def move(self, name: str, w: Array, g: Array, lr: float) -> Array:
        """By lr / (1 - 0.9^t) m / (u + 1e-7), m the average of g, u = max(0.999 u, |g|)."""
        mean = self.follow(f"{name} mean", g, 0.9)
        old = self.state.get(f"{name} norm", np.zeros_like(w))
        norm = self.state[f"{name} norm"] = np.maximum(0.999 * old, np.abs(g))
        return w - lr / (1 - 0.9**self.t) * mean / (norm + 1e-7)


class Lion(Rule):
    """Steps of one length; the average of g that a step takes is a shorter one than what stays."""

    def move(self, name: str, w: Array, g: Array, lr: float) -> Array:
        """To w - lr sign(0.9 m + 0.1 g), m the average of the gradients before."""
        old = self.state.get(name, np.zeros_like(w))
        self.follow(name, g, 0.99)
        return w - lr * np.sign(0.9 * old + 0.1 * g)


def clipped(gradients: Mapping[str, Array], largest: float) -> Mapping[str, Array]:
    """All gradients times min(1, largest / their norm as one vector), or as they are if 0."""
    if not largest:
        return gradients
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    if norm <= largest:
        return gradients
    return {name: gradient * (largest / norm) for name, gradient in gradients.items()}


RULES: Mapping[str, type[Rule]] = {
    "sgd": Sgd,
    "momentum": Momentum,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": Nadam,
    "adagrad": Adagrad,
    "adamax": Adamax,
    "lion": Lion,
}
