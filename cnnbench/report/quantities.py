"""Numbers for people: a unit and a number of decimals that suit a whole column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnnbench.comparison.intervals import Estimate
from cnnbench.comparison.metrics import Unit

_MEBIBYTE = 2**20
_MINUTE = 60
_WATT_HOUR = 3600
"""Joules."""
_SECOND_LIMIT = 600
"""Seconds from which a column counts in minutes."""
_FINER = 2
"""Decimals that a column may have beyond the usual ones of its unit."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a column shows its numbers.

    factor: numbers are multiplied by it. unit: stands after a value. points: what the column's head
    calls the unit of differences, which may have another name or no room behind a value.
    difference_decimals: as many as decimals or other ones.
    """

    factor: float
    decimals: int
    unit: str
    points: str
    difference_decimals: int = 0

    def value(self, estimate: Estimate) -> str:
        """97.8 ± 0.4 %."""
        return f"{self._spread(estimate)} {self.unit}".rstrip()

    def difference(self, estimate: Estimate) -> str:
        """+1.2 [+0.3, +2.1]; its unit stands in the column's head."""
        text, interval = self._signed(estimate.mean), estimate.interval
        if interval is None:
            return text
        return f"{text} [{self._signed(interval.low)}, {self._signed(interval.high)}]"

    def _spread(self, estimate: Estimate) -> str:
        text, half = self._plain(estimate.mean), _half(estimate)
        return text if half is None else f"{text} ± {self._plain(half)}"

    def _plain(self, number: float) -> str:
        return f"{number * self.factor:,.{self.decimals}f}"

    def _signed(self, number: float) -> str:
        # A zero that is only rounded keeps its sign: [-0.0, +1.2] does reach below zero.
        sign = "+" if number else ""
        return f"{number * self.factor:{sign},.{self.difference_decimals}f}"


def scale_of(unit: Unit, values: Sequence[Estimate], differences: Sequence[Estimate] = ()) -> Scale:
    """The scale of columns with these values and differences, which share their unit."""
    scale = _usual_scale(unit, max((abs(x.mean) for x in values), default=0.0))
    # An interval below half a unit of the last decimal would show as 0.
    spreads = [scale.factor * half for x in values if (half := _half(x)) is not None]
    # The ends of a difference's interval lie on either side of it, so that it takes a whole unit.
    ranges = [
        scale.factor * (abs(x.mean) if (half := _half(x)) is None else half) for x in differences
    ]
    return replace(
        scale,
        decimals=_decimals(scale.decimals, spreads, least=0.5),
        difference_decimals=_decimals(scale.decimals, ranges, least=0.99),
    )


def _usual_scale(unit: Unit, largest: float) -> Scale:
    if unit is Unit.SECONDS:
        if largest < 1:
            return Scale(1000, 1, "ms", "ms")
        if largest < _SECOND_LIMIT:
            return Scale(1, 1, "s", "s")
        return Scale(1 / _MINUTE, 1, "min", "min")
    if unit is Unit.JOULES:
        few = largest < _WATT_HOUR
        return Scale(1, 0, "J", "J") if few else Scale(1 / _WATT_HOUR, 1, "Wh", "Wh")
    return {
        Unit.FRACTION: Scale(100, 1, "%", "points"),
        Unit.NATS: Scale(1, 3, "", "nats"),
        Unit.RATE: Scale(1, 0, "", "images/s"),
        Unit.BYTES: Scale(1 / _MEBIBYTE, 0, "MiB", "MiB"),
        Unit.COUNT: Scale(1, 0, "", ""),
    }[unit]


def _half(estimate: Estimate) -> float | None:
    interval = estimate.interval
    return None if interval is None else (interval.high - interval.low) / 2


def _decimals(usual: int, sizes: Sequence[float], least: float) -> int:
    """As many as show the smallest size that is not 0 as at least so many of the last decimal."""
    smallest = min((size for size in sizes if size > 0), default=math.inf)
    enough = (n for n in range(usual, usual + _FINER) if smallest * 10**n >= least)
    return next(enough, usual + _FINER)


def percent(fraction: float) -> str:
    """97.8 %."""
    return f"{100 * fraction:.1f} %"


def duration(seconds: float) -> str:
    """85 ms, 12.3 s, 3 min 20 s, 2 h 05 min."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 2 * _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def energy(joules: float) -> str:
    """4.2 J, 850 J, 12.3 Wh."""
    if joules < _WATT_HOUR:
        return f"{joules:.{int(joules < 10)}f} J"  # noqa: PLR2004 - two digits
    return f"{joules / _WATT_HOUR:.1f} Wh"
