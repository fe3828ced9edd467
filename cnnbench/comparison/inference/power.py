"""How large a difference must be for so many replicates to find it."""

from __future__ import annotations

from cnnbench.comparison.inference.sample import FEWEST, Sample
from cnnbench.comparison.inference.schedule import LEVEL

POWER = 0.8
"""Four studies of five."""


def detectable(n: int, *, level: float = LEVEL, power: float = POWER) -> float:
    """The true difference that n pairs find with that power, in standard errors of their mean.

    The noncentrality with which a t of n - 1 degrees of freedom exceeds Student's quantile (Cohen
    1988, chapter 2; the other tail is left out, it is below 1e-4).
    """
    if n < FEWEST:
        raise ValueError(f"{n} pairs have no spread")
    from scipy.special import nctdtrinc, stdtrit

    quantile = float(-stdtrit(n - 1, level / 2))
    return float(nctdtrinc(n - 1, 1 - power, quantile))


def found_by(n: int, sample: Sample, *, level: float = LEVEL, power: float = POWER) -> float:
    """The true difference that n pairs as spread as these find, in the metric's unit.

    It follows from the spread alone. How many pairs the difference at hand would take is another
    question, whose answer from a few pairs is worthless: the n that it gives has a power anywhere
    between a third and one.
    """
    return detectable(n, level=level, power=power) * sample.standard_error(n)
