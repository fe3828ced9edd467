"""What turns scores into probabilities, and the loss that trains them."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from cnnbench.testing.reference.activations import sigmoid, softmax
from cnnbench.testing.reference.node import Array

Labels = NDArray[np.int32]


class Output(ABC):
    """Scores have shape (n, units), labels (n,)."""

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
        """Per image log sum exp(s) - s of the label."""
        highest: Array = scores.max(axis=1, keepdims=True)
        shifted = scores - highest
        own = np.take_along_axis(shifted, labels[:, None].astype(np.int64), axis=1)[:, 0]
        total: Array = np.exp(shifted).sum(axis=1)
        return np.log(total) - own

    def slopes(self, scores: Array, labels: Labels) -> Array:
        """Probabilities minus one-hot labels."""
        right: Array = (labels[:, None] == np.arange(scores.shape[1])).astype(np.float64)
        return self.probabilities(scores) - right

    def hits(self, scores: Array, labels: Labels) -> NDArray[np.bool_]:
        """The largest score is the label's."""
        right: NDArray[np.bool_] = scores.argmax(axis=1) == labels
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
        """Per image log(1 + exp(s)) - label * s."""
        return np.logaddexp(0, scores[:, 0]) - labels * scores[:, 0]

    def slopes(self, scores: Array, labels: Labels) -> Array:
        """Probability minus label."""
        return sigmoid(scores) - labels[:, None]

    def hits(self, scores: Array, labels: Labels) -> NDArray[np.bool_]:
        """A probability above 0.5 says class 1."""
        right: NDArray[np.bool_] = (scores[:, 0] > 0) == (labels == 1)
        return right
