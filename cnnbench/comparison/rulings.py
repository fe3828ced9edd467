"""What comes of a requirement, as a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cnnbench.comparison.intervals import Estimate, Interval
from cnnbench.comparison.metrics import Metric
from cnnbench.comparison.requirements import Requirement
from cnnbench.errors import ComparisonError, did_you_mean


class GateOutcome(StrEnum):
    """What has come of a requirement. OPEN: these records don't tell."""

    HOLDS = "holds"
    FAILS = "does not hold"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Ruling:
    """A requirement and what has come of it.

    place: recipe and backend. metric, estimate: the difference or the figure that was judged, with
    the interval that decided; None without one. paired: whether it is a difference. verdict: the
    word of `cnnbench compare`, if one was asked for. why: what else decided, "" if nothing.
    """

    subject: str
    place: str
    outcome: GateOutcome
    metric: Metric
    estimate: Estimate | None = None
    paired: bool = True
    verdict: str = ""
    why: str = ""


def no_loss(interval: Interval, allowed: float, *, higher_is_better: bool) -> GateOutcome:
    """Whether a loss as large as the allowed one is ruled out, or some loss is certain."""
    low, high = interval.low, interval.high
    if not higher_is_better:
        low, high = -high, -low
    if low > -allowed or low >= 0:
        return GateOutcome.HOLDS
    return GateOutcome.FAILS if high < 0 else GateOutcome.OPEN


def unknown_variant(requirement: Requirement, names: Sequence[str]) -> ComparisonError:
    """What a requirement of a variant that is not there comes to."""
    known = list(dict.fromkeys(names))
    rest = did_you_mean(requirement.variant, known, "variants")
    return ComparisonError(
        f"--require {requirement.text!r}: there is no variant {requirement.variant!r} here{rest}"
    )
