"""How uncertain an accuracy is because other images might have been there to be tested."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, inf, sqrt
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from cnnbench.comparison.inference.schedule import LEVEL
from cnnbench.comparison.intervals import Interval

Tested = tuple[NDArray[np.integer], NDArray[np.bool_]]
"""Of a replicate: the row of each image it tested, and whether it was right about it."""
_FEWEST = 100
"""Pairs of tests of the same image, by two replicates, that tell how much images differ: their
correlation is then known to a tenth."""


def variance_between_images(replicates: Sequence[Tested]) -> float | None:
    """The variance, between images, of the probability that a replicate is right about one.

    The mean product of two replicates' residuals on the same image: what they share is the image's,
    the rest is the replicate's own (replicates and images are crossed random effects, as in Owen
    2007). None where fewer than a hundred such pairs tell.
    """
    rows = np.concatenate([rows for rows, _ in replicates])
    residuals = np.concatenate([right - right.mean() for _, right in replicates])
    _, image = np.unique(rows, return_inverse=True)
    times = np.bincount(image).astype(float)
    pairs = float((times * (times - 1)).sum())
    if pairs < 2 * _FEWEST:  # each is counted in both orders
        return None
    products = np.square(np.bincount(image, residuals)) - np.bincount(image, np.square(residuals))
    return max(0.0, float(products.sum()) / pairs)


def largest_variance(accuracy: float) -> float:
    """What the variance between images is at most: each is always right, or always wrong."""
    return max(0.0, accuracy * (1 - accuracy))


def interval_over_images(
    accuracies: Sequence[float], shared: float, *, level: float = LEVEL
) -> Interval | None:
    """The interval of a mean accuracy over replicates and over new test images like these.

    mean +- t sqrt(s^2/n + shared). shared: the variance between images over the number of those
    that all replicates draw their test images from. It gets no smaller with more replicates: s^2/n
    holds what differs between them, the images of each test included, and this what they share. t
    has Satterthwaite's (1946) degrees of freedom: n - 1 of s^2/n, and of the images as good as
    infinitely many; but the interval is never narrower than Student's, which holds without them.

    accuracies: one a replicate. None below two.
    """
    n = len(accuracies)
    if n < 2:  # noqa: PLR2004 - a spread takes two
        return None
    from scipy.special import ndtri, stdtrit

    mean = fmean(accuracies)
    own = fsum((x - mean) ** 2 for x in accuracies) / (n - 1) / n
    freedom = (n - 1) * ((own + shared) / own) ** 2 if own else inf
    quantile = -float(ndtri(level / 2) if freedom == inf else stdtrit(freedom, level / 2))
    students = -float(stdtrit(n - 1, level / 2)) * sqrt(own)
    half = max(quantile * sqrt(own + shared), students)
    return Interval(mean - half, mean + half)
