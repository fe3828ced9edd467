"""When a study may be looked at, and what an interval and a p mean at such a look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isclose

from cnnbench.comparison.inference.anytime import e_process_interval, e_process_p
from cnnbench.comparison.inference.sample import Sample, interval_at, two_sided_p
from cnnbench.comparison.intervals import Interval
from cnnbench.errors import ComparisonError
from cnnbench.recipe.replicates import FIRST_LOOKS, looks_from

LEVEL = 0.05
"""How often a study may claim a difference where there is none."""
_SPENT = 0.9
"""Of a level, where there are several looks: the limits are those of normal means, and Student's
quantiles in their place claim a little too often. Spending .045 comes to .048."""
SPENDING = "linear"
"""In proportion to the replicates."""


@dataclass(frozen=True, slots=True)
class LookSchedule:
    """The numbers of replicates at which verdicts are taken, fixed before the first trial.

    looks: () stands for one look at whatever there is. anytime: the looks were not kept to, so that
    only a test which needs none holds.
    """

    looks: tuple[int, ...] = ()
    anytime: bool = False

    def look_of(self, n: int) -> int:
        """How many of n differences count: those up to the last look that was reached, or 0."""
        if self.anytime or not self.looks:
            return n
        return max((look for look in self.looks if look <= n), default=0)

    def next_look(self, n: int) -> int | None:
        """The look after n replicates, None after the last."""
        return next((look for look in self.looks if look > n), None)

    def extended_to(self, most: int) -> LookSchedule:
        """The schedule of a study whose most was changed after a look: valid, and less powerful.

        Limits follow from the most, so that those of the looks before were the wrong ones.
        """
        if self.looks and most == self.looks[-1]:
            return self
        return LookSchedule((*(look for look in self.looks if look < most), most), anytime=True)

    def p(self, sample: Sample) -> float:
        """The smallest level at which this look claims a difference."""
        if self.anytime:
            return e_process_p(sample)
        p = two_sided_p(sample)
        if len(self.looks) < 2:  # noqa: PLR2004 - one look, all of the level
            return p
        from cnnbench.comparison.inference.spending import alpha_of

        return min(1.0, alpha_of(self.looks, self._index(sample), p) / _SPENT)

    def interval(self, sample: Sample, level: float) -> Interval | None:
        """The repeated interval: it holds at all looks together (Jennison and Turnbull 1989).

        None where it is the whole line. It leaves out zero where p is below the level, and only
        there.
        """
        if self.anytime:
            return e_process_interval(sample, level)
        if len(self.looks) < 2:  # noqa: PLR2004 - one look, all of the level
            return interval_at(sample, level)
        from cnnbench.comparison.inference.spending import nominal_at

        return interval_at(sample, nominal_at(self.looks, self._index(sample), level * _SPENT))

    def _index(self, sample: Sample) -> int:
        return self.looks.index(sample.n)


def alpha_spent(looks: tuple[int, ...]) -> float:
    """What all looks together may claim wrongly by the limits of normal means."""
    return LEVEL * _SPENT if len(looks) > 1 else LEVEL


def kept_to(looks: tuple[int, ...], alpha: float, spending: str, *, seen: bool) -> LookSchedule:
    """The schedule of a study that was planned with these looks and limits.

    seen: whether it was changed after a look. It is then judged at any time, as is one that was
    planned by another rule than today's.
    """
    same = spending == SPENDING and isclose(alpha, alpha_spent(looks))
    return LookSchedule(looks, anytime=seen or not same)


def shared(schedules: Iterable[LookSchedule]) -> LookSchedule:
    """The schedule by which results of several studies are judged together."""
    first, *others = dict.fromkeys(schedules)
    return LookSchedule(anytime=True) if others else first


def looks_to(most: int) -> LookSchedule:
    """Looks from 5 to the most, as `looks_from` places them. Raises ComparisonError under 5.

    Limits of looks: `cnnbench.comparison.inference.spending`.
    """
    if most < FIRST_LOOKS[0]:
        raise ComparisonError(
            f"replicates until settled take at least {FIRST_LOOKS[0]}, and the most is {most}; "
            f"allow {FIRST_LOOKS[0]} or more, or ask for a fixed number"
        )
    if most == FIRST_LOOKS[0]:
        return LookSchedule((most,))
    return LookSchedule(looks_from(FIRST_LOOKS[0], most))


def fixed() -> LookSchedule:
    """A single look, when all replicates have ended."""
    return LookSchedule()
