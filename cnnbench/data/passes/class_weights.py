"""How much each training image counts in the loss where classes differ in size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def balanced_weights(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """A weight for each image by which every class counts alike: n / (k * images of its class).

    labels: (n,), of the training images; k: the classes that occur among them. The weights, (n,),
    have a mean of 1. As scikit-learn's `compute_class_weight("balanced")` has it, inspired by King
    and Zeng (2001).
    """
    counts = np.bincount(labels)
    weights = len(labels) / (np.count_nonzero(counts) * counts[labels])
    return weights.astype(np.float32)
