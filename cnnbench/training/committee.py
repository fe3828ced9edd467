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


def stacked(
    held_out: Sequence[Probabilities],
    labels: NDArray[np.int32],
    answers: Sequence[Probabilities],
) -> Probabilities:
    """What a logistic regression makes of the answers, having learned from held-out ones.

    held_out: of each member, for the training images, each by a network that was not trained on
    it, (n, classes). labels: of these, (n,). answers: of each member for the images in question.
    As scikit-learn's StackingClassifier with its default final estimator (Wolpert 1992): of two
    classes only the second's probability is used. A class without a training image gets 0.
    """
    from sklearn.linear_model import LogisticRegression

    classes = answers[0].shape[1]
    model = LogisticRegression().fit(_columns(held_out), labels)
    whole = np.zeros((len(answers[0]), classes), np.float32)
    whole[:, model.classes_] = model.predict_proba(_columns(answers))
    return whole


def _columns(answers: Sequence[Probabilities]) -> NDArray[np.float64]:
    first = 1 if answers[0].shape[1] == 2 else 0  # noqa: PLR2004 - two classes: one is redundant
    return np.concatenate([x[:, first:].astype(np.float64) for x in answers], axis=1)
