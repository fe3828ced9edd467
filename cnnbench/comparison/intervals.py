"""Means with 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from statistics import fmean

from cnnbench.errors import ComparisonError

CONFIDENCE = 0.95
FEWEST = 2
"""Values that an interval takes at least."""
ROUNDING = 1e-12
"""Values closer than this, in any unit, are equal but for the last bits of their computation."""


class TooFewReplicatesError(ComparisonError):
    """Fewer values than an interval takes."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Holds the true mean in 95 % of the studies that are made this way."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `n` values, and its interval from two values on."""

    mean: float
    n: int
    interval: Interval | None = None


def student_interval(values: Sequence[float]) -> Interval:
    """95 % interval of the mean of independent values: mean +- t * s / sqrt(n).

    t: Student's quantile with n - 1 degrees of freedom (Student 1908). Raises TooFewReplicatesError
    below 2.
    """
    return _interval(values, 1 / max(len(values), 1))


def corrected_interval(values: Sequence[float], test_fraction: float) -> Interval:
    """95 % interval of the mean over the folds of one or more cross-validations.

    The folds share training images, so that the plain variance is too small; instead of 1/n it is
    multiplied by 1/n + test_fraction / (1 - test_fraction) (Nadeau and Bengio 2003, eq. 11; for
    repeated cross-validation Bouckaert and Frank 2004), with n - 1 degrees of freedom.

    values: one a fold and replicate, in any unit. test_fraction: images tested over those trained
    on or tested, 1/k of k folds. Raises TooFewReplicatesError below 2.
    """
    return _interval(values, 1 / max(len(values), 1) + test_fraction / (1 - test_fraction))


def estimate(values: Sequence[float], test_fraction: float | None = None) -> Estimate:
    """The mean of at least one value; corrected for folds where a test fraction is given."""
    if len(values) < FEWEST:
        return Estimate(fmean(values), len(values))
    if test_fraction is None:
        interval = student_interval(values)
    else:
        interval = corrected_interval(values, test_fraction)
    return Estimate(fmean(values), len(values), interval)


def _interval(values: Sequence[float], factor: float) -> Interval:
    """factor: what the values' variance is multiplied by to give the variance of their mean."""
    if len(values) < FEWEST:
        raise TooFewReplicatesError(
            f"an interval takes at least {FEWEST} replicates, here is {len(values)}"
        )
    from scipy.special import stdtrit  # a fifth of the import time of scipy.stats

    mean = fmean(values)
    if max(values) - min(values) <= ROUNDING:
        return Interval(mean, mean)
    quantile = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2))
    variance = fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    half = quantile * (variance * factor) ** 0.5
    return Interval(mean - half, mean + half)
