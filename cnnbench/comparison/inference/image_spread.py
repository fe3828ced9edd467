"""How uncertain an accuracy is because other images might have been tested."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from cnnbench.comparison.inference.schedule import LEVEL
from cnnbench.comparison.intervals import Interval

Tested = tuple[NDArray[np.integer], NDArray[np.bool_]]
"""Of a replicate: the row of each image it tested, and whether it was right about it."""


def image_variance(replicates: Sequence[Tested]) -> float:
    """The variance that the choice of test images adds to a mean accuracy.

    Sum over images of (S_i - c_i m)^2 / (sum of c)^2, with c_i how often image i was tested and S_i
    how often rightly, m the mean: the images' part of the variance where replicates and images are
    crossed (Owen 2007, section 3). Replicates reuse the pool's images, so that more of them make
    it no smaller. Added to s^2/n it is on the safe side: what is peculiar to one image in one
    replicate counts in both.
    """
    rows = np.concatenate([rows for rows, _ in replicates])
    right = np.concatenate([right for _, right in replicates]).astype(float)
    _, image = np.unique(rows, return_inverse=True)
    residuals = np.bincount(image, right - right.mean())
    return float(np.square(residuals).sum()) / len(rows) ** 2


def interval_over_images(replicates: Sequence[Tested], *, level: float = LEVEL) -> Interval | None:
    """The interval of a mean accuracy over replicates and new images alike; None below two.

    Mean +- t sqrt(s^2/n + image variance), t with n - 1 degrees of freedom.
    """
    n = len(replicates)
    if n < 2:  # noqa: PLR2004 - a spread takes two
        return None
    from scipy.special import stdtrit

    accuracies = np.array([right.mean() for _, right in replicates])
    variance = float(accuracies.var(ddof=1)) / n + image_variance(replicates)
    mean, half = float(accuracies.mean()), float(-stdtrit(n - 1, level / 2)) * sqrt(variance)
    return Interval(mean - half, mean + half)
