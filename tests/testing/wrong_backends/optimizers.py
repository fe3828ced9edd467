"""Optimisers that are right in a few steps of one epoch, and in no more."""

from __future__ import annotations

import numpy as np

from cnnbench.testing.numpy_backend import NumpyModel
from cnnbench.testing.reference import RULES, Reference
from cnnbench.testing.reference.optimizers import Adam, AdamW, Sgd
from wrong_backends.making import with_model, with_reference, with_rule


def _keeping_the_first_rate(name):
    class KeepsTheFirstRate(RULES[name]):
        rate = None

        def move(self, array, w, g, lr):
            self.rate = self.rate or lr
            return super().move(array, w, g, self.rate)

    KeepsTheFirstRate.__name__ = f"KeepsTheFirstRateOf{name.title()}"
    return with_rule("learning-rate", name, KeepsTheFirstRate)


class DecaysWithTheFirstRate(AdamW):
    rate = None

    def move(self, name, w, g, lr):
        self.rate = self.rate or lr
        decayed = w - self.rate * self.optimization.weight_decay * w
        return Adam.move(self, name, decayed, g, lr)


def _resetting(name, when):
    """A model that loses the state of one optimiser in one of its methods."""

    class ResetsTheState(NumpyModel):
        pass

    def lose(self, *arguments):
        if isinstance(self.inner.rule, RULES[name]):
            self.inner.rule.t = 0
            self.inner.rule.state.clear()
        return getattr(NumpyModel, when)(self, *arguments)

    setattr(ResetsTheState, when, lose)
    ResetsTheState.__name__ = f"ResetsTheStateIn_{when}"
    return with_model(f"{name}-state", ResetsTheState)


class ForgetsBiasCorrectionInTheEnd(Adam):
    def correction(self):
        return super().correction() if self.t <= 12 else 1.0


class ClipsGradients(Adam):
    def move(self, name, w, g, lr):
        return super().move(name, w, np.clip(g, -1, 1), lr)


class ClipsTheNormOfGradients(Sgd):
    def move(self, name, w, g, lr):
        return super().move(name, w, g / max(1.0, float(np.linalg.norm(g))), lr)


class IgnoresL1OfDenseLayers(Reference):
    def penalty_slope(self, node, part):
        slope = super().penalty_slope(node, part)
        if node.layer.type == "dense" and part == "kernel":
            slope = slope - node.layer.l1 * np.sign(node.arrays["kernel"])
        return slope


def _decoupling(name):
    class DecouplesThePenalty(Reference):
        """Moves the kernels by the penalty's gradient itself, beside the optimiser."""

        def step(self, batch, lr):
            if not isinstance(self.rule, RULES[name]):
                return super().step(batch, lr)
            slopes = {
                (owner, part): super(DecouplesThePenalty, self).penalty_slope(node, part)
                for owner, node in self.trained()
                for part in node.trainable
            }
            step = super().step(batch, lr)
            for (owner, part), slope in slopes.items():
                arrays = self.nodes[owner].arrays
                arrays[part] = arrays[part] - lr * slope
            return step

        def penalty_slope(self, node, part):
            decoupled = isinstance(self.rule, RULES[name])
            return 0.0 if decoupled else super().penalty_slope(node, part)

    DecouplesThePenalty.__name__ = f"DecouplesThePenaltyFrom{name.title()}"
    return with_reference("penalties", DecouplesThePenalty)


BACKENDS = (
    *(_keeping_the_first_rate(name) for name in ("sgd", "rmsprop", "adam", "adamw")),
    with_rule("learning-rate", "adamw", DecaysWithTheFirstRate),
    *(
        _resetting(name, when)
        for name in ("momentum", "rmsprop", "adam", "adamw")
        for when in ("train_epoch", "predict", "set_weights")
    ),
    with_rule("adam", "adam", ForgetsBiasCorrectionInTheEnd),
    with_rule("adam", "adam", ClipsGradients),
    with_rule("sgd", "sgd", ClipsTheNormOfGradients),
    with_reference("penalties", IgnoresL1OfDenseLayers),
    *(_decoupling(name) for name in ("momentum", "rmsprop", "adam", "adamw")),
)
