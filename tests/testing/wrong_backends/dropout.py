"""Dropout that is wrong in a second layer, on vectors, or at a high rate."""

from __future__ import annotations

import numpy as np

from cnnbench.plugin.backend import Backend
from cnnbench.testing.reference.vectors import DropoutNode, DroppingNode, StochasticDepthNode
from cnnbench.testing.target import target_name
from wrong_backends.making import Wrong, with_node


class DropsTheSameInEveryLayer(DropoutNode):
    """Every layer starts from the model's seed and counts its own draws."""

    own = None

    def draw(self, shape):
        if self.own is None:
            self.own = np.random.default_rng(self.generator.bit_generator.seed_seq.entropy)
        keep = 1 - self.layer.rate
        return (self.own.random(shape) < keep) / keep


class DropsTheSameInEveryVector(DropoutNode):
    def draw(self, shape):
        if len(shape) > 2:
            return super().draw(shape)
        return np.broadcast_to(super().draw((1, *shape[1:])), shape)


class DropsHalfAtMost(DropoutNode):
    def draw(self, shape):
        keep = 1 - min(self.layer.rate, 0.5)
        return (self.generator.random(shape) < keep) / keep


class SaltsTheSeed(DropoutNode):
    salted = False

    def draw(self, shape):
        if not self.salted:
            salt = [hash("dropout") % 2**32, int(self.generator.integers(2**31))]
            self.generator, self.salted = np.random.default_rng(salt), True
        return super().draw(shape)


class LeavesOutUnits(StochasticDepthNode):
    def draw(self, shape):
        return DroppingNode.draw(self, shape)


class LeavesOutTheWholeBatch(StochasticDepthNode):
    def draw(self, shape):
        return np.broadcast_to(super().draw((1, *shape[1:])), (shape[0], *[1] * (len(shape) - 1)))


class KeepsByTheRate(StochasticDepthNode):
    def draw(self, shape):
        kept = self.generator.random((shape[0], *[1] * (len(shape) - 1))) < self.layer.rate
        return kept / (1 - self.layer.rate)


class ScalesNothing(StochasticDepthNode):
    def draw(self, shape):
        return (super().draw(shape) > 0).astype(float)


class SendsEverythingBack(StochasticDepthNode):
    def backward(self, slope):
        return slope


class ScalesInPrediction(StochasticDepthNode):
    """As the paper does, which scales nothing in training."""

    def forward(self, x, *, training):
        scaled = super().forward(x, training=training)
        return scaled if training else scaled * (1 - self.layer.rate)


class LeavesOutTheSameInEveryStep(StochasticDepthNode):
    factors_of_all = None

    def draw(self, shape):
        if self.factors_of_all is None:
            self.factors_of_all = super().draw(shape)
        return self.factors_of_all


class LeavesOutTheSameInEveryLayer(StochasticDepthNode):
    own = None

    def draw(self, shape):
        if self.own is None:
            self.own = np.random.default_rng(self.generator.bit_generator.seed_seq.entropy)
            self.generator = self.own
        return super().draw(shape)


class DrawsWithoutTheSeed(StochasticDepthNode):
    own = None

    def draw(self, shape):
        if self.own is None:
            self.own = self.generator = np.random.default_rng(self.seed_of_all())
        return super().draw(shape)

    def seed_of_all(self):
        return 0


class DrawsFromAGlobalGenerator(DrawsWithoutTheSeed):
    def seed_of_all(self):
        return None


def salted_backend() -> Backend:
    """For the other process."""
    return with_node("other-process", "dropout", SaltsTheSeed).backend


BACKENDS = (
    Wrong("other-process", "SaltsTheSeed", salted_backend(), target_name(salted_backend)),
    with_node("dropout-layers", "dropout", DropsTheSameInEveryLayer),
    with_node("dropout-on-vectors", "dropout", DropsTheSameInEveryVector),
    with_node("dropout-on-vectors", "dropout", DropsHalfAtMost),
    *(
        with_node("stochastic-depth", "stochastic_depth", node)
        for node in (
            LeavesOutUnits,
            LeavesOutTheWholeBatch,
            KeepsByTheRate,
            ScalesNothing,
            SendsEverythingBack,
        )
    ),
    with_node("stochastic-depth-prediction", "stochastic_depth", ScalesInPrediction),
    *(
        with_node("stochastic-depth-is-fresh", "stochastic_depth", node)
        for node in (
            LeavesOutTheSameInEveryStep,
            LeavesOutTheSameInEveryLayer,
            DrawsWithoutTheSeed,
            DrawsFromAGlobalGenerator,
        )
    ),
)
