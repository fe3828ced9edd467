"""How uncertain an accuracy is because other images might have been there to be tested."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, sqrt

import numpy as np
from numpy.typing import NDArray

from cnnbench.comparison.intervals import CONFIDENCE, Interval

Tested = tuple[NDArray[np.integer], NDArray[np.bool_]]
"""Of a replicate: the row of each image it tested, and whether it was right about it."""
_ENOUGH = 100
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
    if pairs < 2 * _ENOUGH:  # each is counted in both orders
        return None
    products = np.square(np.bincount(image, residuals)) - np.bincount(image, np.square(residuals))
    return max(0.0, float(products.sum()) / pairs)


def largest_variance(accuracy: float) -> float:
    """What the variance between images is at most: each is always right, or always wrong."""
    return max(0.0, accuracy * (1 - accuracy))


def over_images(mean: float, students: Interval, shared: float) -> Interval:
    """The interval of a mean accuracy over replicates and over new test images like these.

    mean +- sqrt(t^2 s^2/n + z^2 shared), the half-widths of two independent parts put together as
    Zou and Donner (2008) do: Student's, of what differs between replicates, the images of each test
    included; and a normal one, of the images that all replicates draw from.

    students: the interval over replicates. shared: the variance between images over the number of
    those that test images are drawn from; it gets no smaller with more replicates.
    """
    from scipy.special import ndtri

    half = hypot(students.high - mean, float(ndtri((1 - CONFIDENCE) / 2)) * sqrt(shared))
    return Interval(mean - half, mean + half)
