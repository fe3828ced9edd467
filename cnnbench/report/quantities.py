"""Numbers for people: a unit and a number of decimals that suit a whole column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnbench.comparison.intervals import Estimate
from cnnbench.comparison.metrics import Unit

_MEBIBYTE = 2**20
_MINUTE = 60
_SECOND_LIMIT = 600
"""Seconds from which a column counts in minutes."""
_FINE = 0.05
"""Half-widths below this would round to 0.0 in one decimal."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a column shows its numbers.

    factor: numbers are multiplied by it. unit: stands after a value. points: what stands after a
    difference instead, where a difference has another name than the value.
    """

    factor: float
    decimals: int
    unit: str
    points: str

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
        text = self._plain(estimate.mean)
        if estimate.interval is None:
            return text
        return f"{text} ± {self._plain((estimate.interval.high - estimate.interval.low) / 2)}"

    def _plain(self, number: float) -> str:
        return f"{number * self.factor:,.{self.decimals}f}"

    def _signed(self, number: float) -> str:
        # A zero that is only rounded keeps its sign: [-0.0, +1.2] does reach below zero.
        return f"{number * self.factor:{'+' if number else ''},.{self.decimals}f}"


def scale_of(unit: Unit, estimates: Sequence[Estimate]) -> Scale:
    """The scale of a column with these values."""
    scale = {
        Unit.FRACTION: Scale(100, _percent_decimals(estimates), "%", "points"),
        Unit.NATS: Scale(1, 3, "", ""),
        Unit.BYTES: Scale(1 / _MEBIBYTE, 0, "MiB", "MiB"),
    }
    if unit is Unit.SECONDS:
        return _seconds_scale(max((abs(x.mean) for x in estimates), default=0.0))
    return scale.get(unit, Scale(1, 0, "", ""))


def _seconds_scale(largest: float) -> Scale:
    if largest < 1:
        return Scale(1000, 1, "ms", "ms")
    if largest < _SECOND_LIMIT:
        return Scale(1, 1, "s", "s")
    return Scale(1 / _MINUTE, 1, "min", "min")


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


def _percent_decimals(estimates: Sequence[Estimate]) -> int:
    """One, or two where an interval is so narrow that it would show as 0.0."""
    halves = [50 * (x.interval.high - x.interval.low) for x in estimates if x.interval]
    return 2 if any(0 < half < _FINE for half in halves) else 1
