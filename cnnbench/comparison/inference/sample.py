"""What paired differences say about their mean, whatever is asked of them next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, inf, sqrt
from statistics import fmean

from cnnbench.comparison.intervals import ROUNDING, Interval

FEWEST = 2
"""Differences that a spread can be taken of."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Mean and spread of n paired differences, in the unit of the metric.

    spread: the standard deviation s. overlap: what folds add to 1/n, as they share training images;
    0 of independent differences. shared: a variance that more of them make no smaller, as of test
    images that all replicates share; pairs have none, as image luck is the same for both.
    """

    n: int
    mean: float
    spread: float
    overlap: float = 0.0
    shared: float = 0.0

    def standard_error(self, n: int | None = None) -> float:
        """Of the mean of these differences, or of n like them."""
        return sqrt(self.spread**2 * (1 / (n or self.n) + self.overlap) + self.shared)

    @property
    def scale(self) -> float:
        """The standard error of the mean."""
        return self.standard_error()

    @property
    def t(self) -> float:
        """The mean in standard errors; infinite where there is no spread but a difference."""
        if self.scale:
            return self.mean / self.scale
        return inf if self.mean > 0 else -inf if self.mean < 0 else 0.0


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Of the true difference lying below -margin, within it, and above; they add up to 1."""

    below: float
    within: float
    above: float


def sample_of(
    differences: Sequence[float],
    *,
    test_fraction: float = 0.0,
    resolution: float = 0.0,
    shared: float = 0.0,
) -> Sample | None:
    """Mean and spread of independent differences, or of folds; None below two.

    test_fraction: 1/k of k folds. Folds share training images, so that the variance of their mean
    is not s^2/n but s^2 (1/n + test_fraction / (1 - test_fraction)) (Nadeau and Bengio 2003,
    eq. 11).

    resolution: the step in which the metric comes, one over the test images for an accuracy.
    Rounding to steps adds resolution^2/12 to a variance (Sheppard 1898), so that no spread is taken
    to be smaller: two replicates that happen to differ by the same three images are not certain.
    shared: as of `Sample`.
    """
    n = len(differences)
    if n < FEWEST:
        return None
    mean = fmean(differences)
    equal = max(differences) - min(differences) <= ROUNDING
    variance = 0.0 if equal else fsum((x - mean) ** 2 for x in differences) / (n - 1)
    spread = sqrt(max(variance, resolution**2 / 12))
    return Sample(n, mean, spread, test_fraction / (1 - test_fraction), shared)


def two_sided_p(sample: Sample) -> float:
    """Student's p of a true difference of zero (Student 1908)."""
    from scipy.special import stdtr  # a fifth of the import time of scipy.stats

    return float(2 * stdtr(sample.n - 1, -abs(sample.t)))


def interval_at(sample: Sample, p: float) -> Interval:
    """The true differences that a two-sided test at level p does not refuse."""
    from scipy.special import stdtrit

    half = float(-stdtrit(sample.n - 1, p / 2)) * sample.scale
    return Interval(sample.mean - half, sample.mean + half)


def probabilities(sample: Sample, margin: float) -> Probabilities:
    """The correlated t posterior of the true difference (Corani and Benavoli 2015, eq. 6).

    With a flat prior the true difference is distributed as mean + scale * t with n - 1 degrees of
    freedom; the scale allows for folds, whose correlation is 1/k, and is plain without.
    """
    from scipy.special import stdtr

    if not sample.scale:
        below, above = float(sample.mean < -margin), float(sample.mean > margin)
        return Probabilities(below, 1 - below - above, above)
    below = float(stdtr(sample.n - 1, (-margin - sample.mean) / sample.scale))
    above = float(stdtr(sample.n - 1, (sample.mean - margin) / sample.scale))
    return Probabilities(below, max(0.0, 1 - below - above), above)
