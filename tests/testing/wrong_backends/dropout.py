"""Dropout that is wrong in a second layer, on vectors, or at a high rate."""

from __future__ import annotations

import numpy as np

from cnnbench.plugin.backend import Backend
from cnnbench.testing.reference.vectors import DropoutNode
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


def salted_backend() -> Backend:
    """For the other process."""
    return with_node("other-process", "dropout", SaltsTheSeed).backend


BACKENDS = (
    Wrong("other-process", "SaltsTheSeed", salted_backend(), target_name(salted_backend)),
    with_node("dropout-layers", "dropout", DropsTheSameInEveryLayer),
    with_node("dropout-on-vectors", "dropout", DropsTheSameInEveryVector),
    with_node("dropout-on-vectors", "dropout", DropsHalfAtMost),
)
