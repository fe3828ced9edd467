"""Whether differences lean to one side more than chance would make them."""

from __future__ import annotations

from collections.abc import Sequence
from math import asinh, erfc, log, sqrt
from statistics import fmean

FEWEST = 8
"""Values that the test takes at least, by its author's tables."""


def skewness(values: Sequence[float]) -> float:
    """The third moment about the mean over the 3/2th power of the second; 0 of equal values."""
    mean = fmean(values)
    second = fmean((x - mean) ** 2 for x in values)
    return fmean((x - mean) ** 3 for x in values) / second**1.5 if second > 0 else 0.0


def p_of_skewness(values: Sequence[float]) -> float:
    """How probably values of a normal distribution are as skewed as these or more, to any side.

    D'Agostino (1970): skewness brought to a normal distribution by a Johnson S_U curve with its
    second and fourth moment. values: at least 8.
    """
    n = len(values)
    scaled = skewness(values) * sqrt((n + 1) * (n + 3) / (6 * (n - 2)))
    fourth = 3 * (n**2 + 27 * n - 70) * (n + 1) * (n + 3) / ((n - 2) * (n + 5) * (n + 7) * (n + 9))
    squared = sqrt(2 * (fourth - 1)) - 1
    z = asinh(scaled / sqrt(2 / (squared - 1))) / sqrt(log(squared) / 2)
    return erfc(abs(z) / sqrt(2))
