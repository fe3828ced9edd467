"""What test probabilities are worth: the same code for every backend."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CALIBRATION_BINS = 15


def class_probabilities(outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of all classes, shape (n, classes), from what a backend predicts.

    A single sigmoid unit gives the probability of class 1; class 0 has the rest.
    """
    if outputs.shape[1] > 1:
        return outputs
    return np.concatenate([1 - outputs, outputs], axis=1)


def log_loss(probabilities: NDArray[np.float32], labels: NDArray[np.int32]) -> float:
    """Mean of -log p(label), natural logarithm, with 1e-7 in place of anything smaller.

    That is Keras's clip. Scikit-learn's is the epsilon of the probabilities' type, 1.2e-7 of
    float32 and 2.2e-16 of float64, where a certain but wrong network counts for more. NaN stays
    NaN.
    """
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.clip(chosen, 1e-7, 1.0)).mean())


def accuracy(probabilities: NDArray[np.float32], labels: NDArray[np.int32]) -> float:
    """Fraction of images whose most probable class is their label."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def confusion_matrix(
    predicted: NDArray[np.int64], labels: NDArray[np.int32], classes: int
) -> NDArray[np.int64]:
    """Counts, shape (classes, classes); row: the label, column: the prediction."""
    flat = np.bincount(labels.astype(np.int64) * classes + predicted, minlength=classes**2)
    return flat.reshape(classes, classes)


def calibration_error(probabilities: NDArray[np.float32], labels: NDArray[np.int32]) -> float:
    """Expected calibration error over 15 equal bins of confidence (Guo et al. 2017, eq. 3).

    The mean distance between the confidence in a bin, (low, high], and the accuracy in it, weighted
    by the number of images.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, CALIBRATION_BINS + 1)[1:-1]
    bins = np.searchsorted(edges, confidence, side="left")
    gaps = np.bincount(bins, confidence - correct, CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(labels))


def evaluate(probabilities: NDArray[np.float32], labels: NDArray[np.int32]) -> dict[str, Any]:
    """Every metric of a split, as plain values.

    precision, recall, f1: macro averages over the classes that occur as a label or a prediction; a
    class that is never predicted has precision 0. balanced_accuracy: mean recall over the classes
    that occur as a label. confusion: rows of counts, by label then prediction.
    """
    classes = probabilities.shape[1]
    matrix = confusion_matrix(probabilities.argmax(axis=1), labels, classes)
    hits = np.diag(matrix).astype(np.float64)
    labelled, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    recall = hits / np.maximum(labelled, 1)
    precision = hits / np.maximum(predicted, 1)
    f1 = 2 * hits / np.maximum(labelled + predicted, 1)
    occurs = labelled + predicted > 0
    return {
        "accuracy": float(hits.sum() / len(labels)),
        "balanced_accuracy": float(recall[labelled > 0].mean()),
        "precision": float(precision[occurs].mean()),
        "recall": float(recall[occurs].mean()),
        "f1": float(f1[occurs].mean()),
        "log_loss": log_loss(probabilities, labels),
        "calibration_error": calibration_error(probabilities, labels),
        "confusion": matrix.tolist(),
    }


def trivial_levels(
    training: NDArray[np.int32], test: NDArray[np.int32], classes: int
) -> dict[str, float]:
    """Accuracies a model must beat: guessing evenly, and always saying the training majority.

    Guesses are among the classes that are tested: where only one is, always saying it is right. Of
    classes that are equally frequent in training each is the majority as often.
    """
    counts = np.bincount(training, minlength=classes)
    majorities = np.flatnonzero(counts == counts.max())
    return {
        "chance": 1 / len(np.unique(test)),
        "majority": float(np.isin(test, majorities).mean() / len(majorities)),
    }
