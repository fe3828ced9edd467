"""A test that holds whenever one looks, and needs no plan of when to: the t test by betting.

e is the evidence against a true difference of zero, the likelihood of a difference of about one
standard deviation over that of none. It is a martingale if there is none, so that it ever
reaches 1/alpha with a probability of at most alpha (Ville 1939).
"""

from __future__ import annotations

from math import exp, inf, log, log1p, sqrt

from cnnbench.comparison.inference.sample import Sample
from cnnbench.comparison.intervals import Interval

EFFECT = 1.0
"""Variance of the differences looked for, in variances of a single difference: g."""


def log_evidence(sample: Sample) -> float:
    """The logarithm of e after n differences whose mean is t standard errors from zero.

    ln e = -ln(1 + n g)/2 + n/2 (ln(1 + t^2/(n-1)) - ln(1 + t^2/((n-1)(1 + n g)))): the Bayes
    factor with the right Haar prior on the scale and a normal one, of variance g, on the effect
    (Lai 1976; Perez-Ortiz, Lardy, de Heide and Grünwald 2022; Wang and Ramdas 2023).
    """
    n, square = sample.n, sample.t**2 / (sample.n - 1)
    width = 1 + n * EFFECT
    if square == inf:
        return (n - 1) / 2 * log(width)
    return -log(width) / 2 + n / 2 * (log1p(square) - log1p(square / width))


def e_process_p(sample: Sample) -> float:
    """1/e, a p-value at whatever moment one looks; at most 1."""
    return min(1.0, exp(-log_evidence(sample)))


def e_process_interval(sample: Sample, alpha: float) -> Interval | None:
    """The true differences against which e stays below 1/alpha; None while that is all of them."""
    n, width = sample.n, 1 + sample.n * EFFECT
    ratio = (width / alpha**2) ** (1 / n)
    if ratio >= width:
        return None
    half = sample.scale * sqrt((n - 1) * (ratio - 1) / (1 - ratio / width))
    return Interval(sample.mean - half, sample.mean + half)
