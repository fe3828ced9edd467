"""Labels as probabilities of the classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def soft_labels(
    labels: NDArray[np.int32], classes: int, smoothing: float = 0.0
) -> NDArray[np.float32]:
    """The probability of each class, (n, classes): 1 - smoothing + smoothing / classes of its own.

    smoothing / classes of every other (Szegedy et al. 2016, section 7). labels: (n,). Without any
    smoothing one-hot.
    """
    soft = np.full((len(labels), classes), smoothing / classes)
    soft[np.arange(len(labels)), labels] += 1 - smoothing
    return soft.astype(np.float32)
