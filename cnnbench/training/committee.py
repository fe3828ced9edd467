"""What several networks say of the same images together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float32]
"""Of each image and class, (n, classes)."""
_ROUNDING = 1e-6
"""Of an error that is summed in float32's weights."""


def averaged(answers: Sequence[Probabilities]) -> Probabilities:
    """The mean of the probabilities (Breiman 1996; Lakshminarayanan et al. 2017, section 2.4)."""
    mean = np.stack(answers).mean(axis=0, dtype=np.float64)
    return np.asarray(mean, np.float32)


@dataclass(frozen=True, slots=True)
class Boost:
    """What follows from one network of a boosting.

    weight: of its vote, 0 where it is no better than guessing. emphasis: what each training image
    counts for the next network, with a mean of 1. last: whether another one would add nothing.
    """

    weight: float
    emphasis: NDArray[np.float32]
    last: bool


def boost(emphasis: NDArray[np.float32], is_wrong: NDArray[np.bool_], classes: int) -> Boost:
    """One round of SAMME (Zhu et al. 2009, algorithm 2).

    err: the part of the emphasis on images that the network gets wrong; its vote weighs
    log((1 - err) / err) + log(classes - 1), and what it got wrong counts exp(weight) times as much
    afterwards. As in scikit-learn's AdaBoostClassifier a network without an error weighs 1 and is
    the last, and so is one whose error is that of guessing, which has no vote.
    """
    exact = emphasis.astype(np.float64)
    error = float(exact[is_wrong].sum() / exact.sum())
    if error <= 0:
        return Boost(1.0, emphasis, last=True)
    if error >= 1 - 1 / classes - _ROUNDING:
        return Boost(0.0, emphasis, last=True)
    weight = math.log((1 - error) / error) + math.log(classes - 1)
    raised = np.where(is_wrong, exact * math.exp(weight), exact)
    return Boost(weight, (raised / raised.mean()).astype(np.float32), last=False)


def voted(answers: Sequence[Probabilities], weights: Sequence[float]) -> Probabilities:
    """Probabilities from weighted votes, each for a network's most probable class.

    Zhu et al. (2009), section 4.2: a vote counts its weight for the class and -weight / (classes -
    1) for each other; the probabilities are the softmax of their sum over the sum of the weights
    and over classes - 1, as in scikit-learn's AdaBoostClassifier.
    """
    count, classes = answers[0].shape
    decision = np.zeros((count, classes))
    for answer, weight in zip(answers, weights, strict=True):
        votes = np.full((count, classes), -weight / (classes - 1))
        votes[np.arange(count), answer.argmax(axis=1)] = weight
        decision += votes
    decision /= sum(weights) * (classes - 1)
    odds = np.exp(decision - decision.max(axis=1, keepdims=True))
    probabilities: Probabilities = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """A logistic regression on what networks answer.

    coefficients: float64, (classes that it knows, columns). intercepts: float64, one for each of
    these classes. known: int64, their numbers. The columns are the networks' probabilities of each
    class, network by network; of two classes only the second's, as the first's is redundant.
    """

    coefficients: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    known: NDArray[np.int64]

    def together(self, answers: Sequence[Probabilities]) -> Probabilities:
        """What it makes of the networks' answers, (n, classes); 0 for a class it does not know."""
        scores = _columns(answers) @ self.coefficients.T + self.intercepts
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        whole = np.zeros((len(scores), answers[0].shape[1]), np.float32)
        whole[:, self.known] = odds / odds.sum(axis=1, keepdims=True)
        return whole


def learned(held_out: Sequence[Probabilities], labels: NDArray[np.int32]) -> Regression:
    """The regression that learns from what networks say of images they were not trained on.

    held_out: of each member, for the training images, each by a network that was not trained on
    it, (n, classes). labels: of these, (n,). As scikit-learn's StackingClassifier with its default
    final estimator (Wolpert 1992).
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(_columns(held_out), labels)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # noqa: PLR2004 - scored by the second alone, the first having 0
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        intercepts = np.concatenate([np.zeros_like(intercepts), intercepts])
    return Regression(coefficients, intercepts, model.classes_.astype(np.int64))


def _columns(answers: Sequence[Probabilities]) -> NDArray[np.float64]:
    first = 1 if answers[0].shape[1] == 2 else 0  # noqa: PLR2004 - two classes: one is redundant
    return np.concatenate([x[:, first:].astype(np.float64) for x in answers], axis=1)
