"""Dropout that is wrong in a second layer, on vectors, or at a high rate."""

from __future__ import annotations

import numpy as np

from cnnbench.testing.reference.vectors import DropoutNode
from wrong_backends.making import with_node


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


BACKENDS = (
    with_node("dropout-layers", "dropout", DropsTheSameInEveryLayer),
    with_node("dropout-on-vectors", "dropout", DropsTheSameInEveryVector),
    with_node("dropout-on-vectors", "dropout", DropsHalfAtMost),
)
