"""From paired differences to intervals, p-values and verdicts that cannot contradict each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, nextafter

from cnnbench.comparison.inference.holm import holm
from cnnbench.comparison.inference.sample import Probabilities, Sample, probabilities, sample_of
from cnnbench.comparison.inference.schedule import LEVEL, LookSchedule, fixed
from cnnbench.comparison.inference.verdicts import Conclusion, Margin, Verdict, verdict
from cnnbench.comparison.intervals import Interval


@dataclass(frozen=True, slots=True)
class Differences:
    """Of one comparison, pair by pair, in the order of the replicates.

    diverged: of the planned trials, those that ended without a result because training diverged.
    test_fraction, resolution, shared: as `sample_of` takes them.
    """

    values: tuple[float, ...]
    planned: int = 0
    diverged: int = 0
    test_fraction: float = 0.0
    resolution: float = 0.0
    shared: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one comparison of a family comes to.

    n: pairs that it rests on, those up to the last look. interval: of the true difference, the one
    that the verdict goes by; plain: as it would be of a single comparison; None where the data say
    nothing yet. level: how often an interval like this one misses. p, p_holm: of no difference,
    before and after Holm's correction. won, tied: pairs in which the variant was better, and equal
    ones. probabilities: of differing by more than the margin; None without a margin. sample: mean
    and spread that all of it is computed from.
    """

    verdict: Verdict
    n: int
    interval: Interval | None = None
    plain: Interval | None = None
    level: float = LEVEL
    p: float | None = None
    p_holm: float | None = None
    won: int = 0
    tied: int = 0
    probabilities: Probabilities | None = None
    sample: Sample | None = None


def judge(
    family: Mapping[str, Differences],
    *,
    schedule: LookSchedule | None = None,
    margin: Margin | None = None,
    higher_is_better: bool = True,
) -> dict[str, Judgement]:
    """Judge a family of comparisons together.

    Holm's correction is over those with at least two pairs at the last look whose trials did not
    diverge. Differences of a pair are variant minus baseline, whatever the metric's direction.
    """
    schedule = schedule or fixed()
    counted = {
        name: differences.values[: schedule.look_of(len(differences.values))]
        for name, differences in family.items()
    }
    samples = {
        name: sample
        for name, x in family.items()
        if not x.diverged
        and (sample := _sample(x, counted[name])) is not None
        and (sample.scale or not sample.mean)
    }
    ps = {name: schedule.p(sample) for name, sample in samples.items()}
    steps = holm(list(ps.values()), LEVEL)
    corrected = dict(zip(ps, zip(steps.adjusted, steps.levels, strict=True), strict=True))
    found = {}
    for name, x in family.items():
        values = counted[name]
        won = sum(value > 0 if higher_is_better else value < 0 for value in values)
        tied = sum(value == 0 for value in values)
        if name not in samples:
            outcome = Conclusion.DIVERGES if x.diverged else Conclusion.OPEN
            said = verdict(outcome, margin, f"{x.diverged}/{x.planned}")
            found[name] = Judgement(said, len(values), won=won, tied=tied)
            continue
        sample, p, (p_holm, level) = samples[name], ps[name], corrected[name]
        interval = _agreeing(schedule.interval(sample, level), claimed=p_holm < LEVEL, of=sample)
        plain = _agreeing(schedule.interval(sample, LEVEL), claimed=p < LEVEL, of=sample)
        outcome = _outcome(interval, plain, margin, higher_is_better=higher_is_better)
        found[name] = Judgement(
            verdict(outcome, margin),
            len(values),
            interval,
            plain,
            level,
            p,
            p_holm,
            won,
            tied,
            probabilities(sample, margin.value) if margin else None,
            sample,
        )
    return found


def _sample(differences: Differences, values: tuple[float, ...]) -> Sample | None:
    return sample_of(
        values,
        test_fraction=differences.test_fraction,
        resolution=differences.resolution,
        shared=differences.shared,
    )


def _agreeing(interval: Interval | None, *, claimed: bool, of: Sample) -> Interval | None:
    """The interval, its end on the side of zero moved by the last bits in which p may differ."""
    if interval is None:
        return None
    low, high = interval.low, interval.high
    if claimed:
        return Interval(
            max(low, nextafter(0, inf)) if of.mean > 0 else low,
            min(high, nextafter(0, -inf)) if of.mean < 0 else high,
        )
    return Interval(min(low, 0.0), max(high, 0.0))


def _outcome(
    interval: Interval | None,
    plain: Interval | None,
    margin: Margin | None,
    *,
    higher_is_better: bool,
) -> Conclusion:
    """The one place where an interval becomes a word."""
    better, worse = _sides(interval, higher_is_better=higher_is_better)
    slight = (
        interval is not None
        and margin is not None
        and -margin.value < interval.low
        and interval.high < margin.value
    )
    if better:
        return Conclusion.SLIGHTLY_BETTER if slight else Conclusion.BETTER
    if worse:
        return Conclusion.SLIGHTLY_WORSE if slight else Conclusion.WORSE
    if slight:
        return Conclusion.SAME
    better, worse = _sides(plain, higher_is_better=higher_is_better)
    if better:
        return Conclusion.MAYBE_BETTER
    return Conclusion.MAYBE_WORSE if worse else Conclusion.OPEN


def _sides(interval: Interval | None, *, higher_is_better: bool) -> tuple[bool, bool]:
    """Whether all of the interval is on the better side of zero, on the worse."""
    if interval is None:
        return False, False
    above, below = interval.low > 0, interval.high < 0
    return (above, below) if higher_is_better else (below, above)
