"""How much each of several looks at growing data may claim, if all together may err rarely."""

from __future__ import annotations

from functools import lru_cache
from math import exp, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

_NODES = 64
_HALVINGS = 60
_FARTHEST = 12.0
"""Standard deviations beyond which no limit is looked for."""
_LEVELS = np.concatenate([np.geomspace(1e-15, 0.1, 200), np.linspace(0.1, 0.999, 50)[1:]])


def nominal_p(looks: tuple[int, ...], alpha: float) -> tuple[float, ...]:
    """The two-sided p below which each look claims a difference, alpha being spent in proportion.

    After n of N replicates alpha * n / N is spent (Lan and DeMets 1983): the limits are those at
    which Brownian motion, watched at times n / N alone, leaves for the first time with a
    probability of alpha * (n - m) / N, m being the look before.

    looks: numbers of replicates, growing. alpha: above 0 and below 1.
    """
    return tuple(float(x) for x in _limits(looks, np.array([alpha]))[0])


def nominal_at(looks: tuple[int, ...], look: int, alpha: float) -> float:
    """`nominal_p` of one look, read from a table, exact to four digits."""
    if len(looks) == 1:
        return alpha
    levels, nominal = _table(looks)
    return _read(alpha, levels, nominal[look])


def alpha_of(looks: tuple[int, ...], look: int, p: float) -> float:
    """The smallest alpha at which a look with this p claims a difference; undoes `nominal_at`.

    It is a p-value that holds at whichever look one stops, for the limits of a smaller alpha lie
    outside those of a larger one (Liu and Anderson 2008).
    """
    if len(looks) == 1:
        return p
    levels, nominal = _table(looks)
    return _read(p, nominal[look], levels)


def crossing(looks: tuple[int, ...], limits: tuple[float, ...]) -> tuple[float, ...]:
    """The probability that each look is the first at which |z| of nothing exceeds its limit.

    By recursive integration of the density of what is still inside (Armitage, McPherson and Rowe
    1969).
    """
    walk = _Walk(looks, 1)
    found = []
    for limit, time in zip(limits, walk.times, strict=True):
        edge = np.array([limit * time**0.5])
        found.append(float(walk.tail(edge)[0]))
        walk.stay_within(edge)
    return tuple(found)


class _Walk:
    """Brownian motion that ends where it leaves the limits, for many sets of limits at once.

    points, weights: Gauss and Legendre's between the limits of the look before. mass: the density
    there times the weights.
    """

    def __init__(self, looks: tuple[int, ...], sets: int) -> None:
        self.times = np.asarray(looks, float) / looks[-1]
        self.steps = np.diff(self.times, prepend=0.0)
        self._look = 0
        self._points: Array = np.zeros((sets, 1))
        self._mass: Array = np.ones((sets, 1))
        self._nodes, self._weights = np.polynomial.legendre.leggauss(_NODES)

    @property
    def _step(self) -> float:
        return float(self.steps[self._look] ** 0.5)

    def tail(self, edge: Array) -> Array:
        """The probability of lying beyond -edge or edge at this look; both sides are alike."""
        beyond = ndtr((self._points - edge[:, None]) / self._step)
        return np.asarray(2 * (self._mass * beyond).sum(1))

    def stay_within(self, edge: Array) -> None:
        """Go on to the next look with what lies between -edge and edge."""
        points = edge[:, None] * self._nodes
        away = (points[:, :, None] - self._points[:, None, :]) / self._step
        density = (np.exp(-(away**2) / 2) * self._mass[:, None, :]).sum(2)
        density /= self._step * (2 * np.pi) ** 0.5
        self._points, self._mass = points, density * edge[:, None] * self._weights
        self._look += 1


def _limits(looks: tuple[int, ...], alphas: Array) -> Array:
    """Nominal p by alpha and look."""
    walk = _Walk(looks, len(alphas))
    nominal = np.empty((len(alphas), len(looks)))
    for look, (time, step) in enumerate(zip(walk.times, walk.steps, strict=True)):
        if look == 0:
            nominal[:, 0] = alphas * time
            walk.stay_within(np.asarray(-ndtri(nominal[:, 0] / 2) * time**0.5))
            continue
        low, high = np.zeros(len(alphas)), np.full(len(alphas), _FARTHEST * time**0.5)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            outside = walk.tail(middle) > alphas * step
            low, high = np.where(outside, middle, low), np.where(outside, high, middle)
        nominal[:, look] = 2 * ndtr(-high / time**0.5)
        if look + 1 < len(looks):
            walk.stay_within(high)
    return nominal


@lru_cache(maxsize=8)
def _table(looks: tuple[int, ...]) -> tuple[Array, Array]:
    """Logarithms of the levels, and of the nominal p by look."""
    return np.log(_LEVELS), np.log(_limits(looks, _LEVELS)).T


def _read(value: float, given: Array, wanted: Array) -> float:
    """Between the table's logarithms in a straight line; below them in proportion."""
    if value <= 0:
        return 0.0
    where = log(value)
    if where < given[0]:
        return exp(wanted[0] + where - given[0])
    return 1.0 if where > given[-1] else exp(float(np.interp(where, given, wanted)))
