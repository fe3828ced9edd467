"""What turns scores into probabilities, and the loss that trains them."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Labels
from cnnbench.testing.reference.activations import sigmoid, softmax
from cnnbench.testing.reference.node import Array

EVEN = 0.5
"""A probability above it says class 1."""


def shares(labels: Labels, classes: int) -> Array:
    """The probability of each class, (n, classes): that of soft labels, or 1 for the label."""
    if labels.ndim > 1:
        return labels.astype(np.float64)
    right: Array = (labels[:, None] == np.arange(classes)).astype(np.float64)
    return right


class Output(ABC):
    """Scores have shape (n, units), labels (n,) or, of soft ones, (n, classes)."""

    @abstractmethod
    def probabilities(self, scores: Array) -> Array:
        """Shape (n, units)."""

    @abstractmethod
    def losses(self, scores: Array, labels: Labels) -> Array:
        """Cross-entropy of each image in nats, from the scores and so without clipping; (n,)."""

    @abstractmethod
    def slopes(self, scores: Array, labels: Labels) -> Array:
        """The derivative of each image's loss by its scores, (n, units)."""

    @abstractmethod
    def hits(self, scores: Array, labels: Labels) -> NDArray[np.bool_]:
        """Which images are classified right, (n,)."""


class Softmax(Output):
    """Categorical cross-entropy."""

    def probabilities(self, scores: Array) -> Array:
        """exp(s) / sum exp(s)."""
        return softmax(scores)

    def losses(self, scores: Array, labels: Labels) -> Array:
        """Per image the mean of log sum exp(s) - s over the classes, by their probabilities."""
        highest: Array = scores.max(axis=1, keepdims=True)
        shifted = scores - highest
        total: Array = np.exp(shifted).sum(axis=1, keepdims=True)
        losses: Array = (shares(labels, scores.shape[1]) * (np.log(total) - shifted)).sum(axis=1)
        return losses

    def slopes(self, scores: Array, labels: Labels) -> Array:
        """Probabilities minus those of the labels."""
        return self.probabilities(scores) - shares(labels, scores.shape[1])

    def hits(self, scores: Array, labels: Labels) -> NDArray[np.bool_]:
        """The largest score is that of the label, or of the most probable class."""
        likely = shares(labels, scores.shape[1]).argmax(axis=1)
        right: NDArray[np.bool_] = scores.argmax(axis=1) == likely
        return right


class Features(Softmax):
    """The output as it is, maps too; the rest is never asked for."""

    def probabilities(self, scores: Array) -> Array:
        """The output itself."""
        return scores


class Sigmoid(Output):
    """Binary cross-entropy on one unit, the score of class 1."""

    def probabilities(self, scores: Array) -> Array:
        """1 / (1 + exp(-s))."""
        return sigmoid(scores)

    def losses(self, scores: Array, labels: Labels) -> Array:
        """Per image log(1 + exp(s)) - t * s, t the probability of class 1."""
        return np.logaddexp(0, scores[:, 0]) - shares(labels, 2)[:, 1] * scores[:, 0]

    def slopes(self, scores: Array, labels: Labels) -> Array:
        """Probability minus that of the label."""
        return sigmoid(scores) - shares(labels, 2)[:, 1:]

    def hits(self, scores: Array, labels: Labels) -> NDArray[np.bool_]:
        """A probability above 0.5 says class 1."""
        right: NDArray[np.bool_] = (scores[:, 0] > 0) == (shares(labels, 2)[:, 1] > EVEN)
        return right
