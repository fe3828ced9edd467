"""Simulated studies: what the rule of `cnnbench.comparison.inference` says of them, and how often.

Differences have a standard deviation of 1, so that true differences are in standard deviations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import stdtrit

from cnnbench.comparison.inference.judge import Differences, Judgement, judge
from cnnbench.comparison.inference.schedule import LookSchedule, looks_to
from cnnbench.comparison.inference.settle import EndedPairs, settled
from cnnbench.comparison.inference.verdicts import Conclusion, Margin
from cnnbench.comparison.metrics import METRICS

SMALL = {Conclusion.SAME, Conclusion.SLIGHTLY_BETTER, Conclusion.SLIGHTLY_WORSE}
STEP = 0.5
"""Of tied differences: the resolution, in standard deviations; 100 test images have about this."""


def normal(rng: np.random.Generator, n: int, variants: int) -> np.ndarray:
    """Variants and baseline vary alike, so that two differences correlate by 1/2."""
    return (rng.standard_normal((variants, n)) - rng.standard_normal(n)) / 2**0.5


def skewed(rng: np.random.Generator, n: int, variants: int) -> np.ndarray:
    """Gamma with shape 2: skewness 1.4, more than differences of like things ever have."""
    return (rng.gamma(2, size=(variants, n)) - 2) / 2**0.5


def tied(rng: np.random.Generator, n: int, variants: int) -> np.ndarray:
    """Normal ones in steps of half a standard deviation."""
    return np.round(normal(rng, n, variants) / STEP) * STEP


KINDS: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    "normal": normal,
    "skewed": skewed,
    "tied": tied,
}


@dataclass
class Tally:
    """Counts over studies. found: claims of the right sign, by variant. trials: mean a study.

    same: differences called the same. called_small: studies in which any is said to be within the
    margin. mean: of the differences seen, over variants.

    false: studies with a claim about a variant without effect, or of the wrong sign. missed: true
    differences outside the verdict's interval; missed_plain: outside the plain one; missed_any:
    studies with one outside the verdict's.
    """

    runs: int
    variants: int
    false: int = 0
    missed: int = 0
    missed_plain: int = 0
    missed_any: int = 0
    trials: float = 0.0
    same: int = 0
    called_small: int = 0
    mean: float = 0.0
    found: list[int] = field(default_factory=list)

    @property
    def family_error(self) -> float:
        return self.false / self.runs

    @property
    def coverage(self) -> float:
        return 1 - self.missed / self.runs / self.variants

    @property
    def coverage_plain(self) -> float:
        return 1 - self.missed_plain / self.runs / self.variants

    @property
    def coverage_of_all(self) -> float:
        return 1 - self.missed_any / self.runs

    @property
    def power(self) -> list[float]:
        return [count / self.runs for count in self.found]

    def add(self, effects: Sequence[float], found: Sequence[Judgement]) -> None:
        false = missed = 0
        for i, (effect, judgement) in enumerate(zip(effects, found, strict=True)):
            outcome = judgement.verdict.outcome
            claimed = outcome.helps - outcome.hurts
            false |= claimed and claimed != np.sign(effect)
            self.found[i] += bool(claimed) and claimed == np.sign(effect)
            self.same += outcome is Conclusion.SAME
            self.mean += judgement.sample.mean / self.runs / self.variants
            interval, plain = judgement.interval, judgement.plain
            lies_outside = interval and not interval.low <= effect <= interval.high
            self.missed += bool(lies_outside)
            missed |= bool(lies_outside)
            self.missed_plain += bool(plain and not plain.low <= effect <= plain.high)
        self.called_small += any(judgement.verdict.outcome in SMALL for judgement in found)
        self.false += bool(false)
        self.missed_any += missed


def simulate(
    effects: Sequence[float],
    *,
    runs: int,
    seed: int,
    n: int = 0,
    most: int = 0,
    kind: str = "normal",
    schedule: LookSchedule | None = None,
    margin: float = 0.0,
) -> Tally:
    """n: a fixed number of replicates; most: as many as it takes, at most so many."""
    within = Margin(margin, "") if margin else None
    rng, size = np.random.default_rng(seed), len(effects)
    tally = Tally(runs, size, found=[0] * size)
    resolution = STEP if kind == "tied" else 0.0
    for _ in range(runs):
        drawn = KINDS[kind](rng, n or most, size) + np.asarray(effects)[:, None]
        rows = [tuple(row) for row in drawn.tolist()]
        if n:
            family = {str(i): Differences(row, resolution=resolution) for i, row in enumerate(rows)}
            tally.add(effects, list(judge(family, schedule=schedule, margin=within).values()))
            tally.trials += n * (size + 1) / runs
            continue
        study = {
            str(i): EndedPairs(dict(enumerate(r)), resolution=resolution)
            for i, r in enumerate(rows)
        }
        found = settled(
            study,
            schedule=schedule or looks_to(most),
            metric=METRICS["accuracy"],
            margin=within,
        ).standings.values()
        tally.add(effects, [standing.judgement for standing in found])
        looks = [standing.look for standing in found]
        tally.trials += (sum(looks) + max(looks)) / runs
    return tally


def peek(looks: Sequence[int], *, variants: int, runs: int, seed: int) -> float:
    """The share of tables with a false difference where one stops at the first that shows one.

    The rule that this package replaces: a 95 % interval of Student's at each look, uncorrected.
    """
    rng = np.random.default_rng(seed)
    false = np.zeros(runs, bool)
    drawn = rng.standard_normal((runs, variants, max(looks))) - rng.standard_normal(
        (runs, 1, max(looks))
    )
    for n in looks:
        seen = drawn[:, :, :n]
        t = seen.mean(2) / seen.std(2, ddof=1) * n**0.5
        false |= (abs(t) > stdtrit(n - 1, 0.975)).any(1)
    return float(false.mean())


def values_covered(
    effects: Sequence[float], *, runs: int, seed: int, n: int = 0, most: int = 0
) -> tuple[float, float]:
    """How often the plain 95 % intervals of means hold them: the baseline's, and variants'.

    n: a fixed number of replicates; most: as many as it takes by the differences, the baseline with
    the last of them. Each value has a standard deviation of 1 over the root of 2, by itself.
    """
    rng, size = np.random.default_rng(seed), len(effects)
    held = np.zeros(size + 1)
    for _ in range(runs):
        drawn = rng.standard_normal((size + 1, n or most)) / 2**0.5
        looks = [n] * size
        if most:
            values = drawn[1:] - drawn[0] + np.asarray(effects)[:, None]
            study = {
                str(i): EndedPairs(dict(enumerate(row))) for i, row in enumerate(values.tolist())
            }
            found = settled(study, schedule=looks_to(most), metric=METRICS["accuracy"])
            looks = [standing.look for standing in found.standings.values()]
        for i, look in enumerate([max(looks), *looks]):
            seen = drawn[i, :look]
            half = stdtrit(look - 1, 0.975) * seen.std(ddof=1) / look**0.5
            held[i] += abs(seen.mean()) <= half
    return float(held[0] / runs), float(held[1:].mean() / runs)
