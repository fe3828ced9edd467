"""Techniques compared over several data sets: by rank, as their accuracies have no common scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from cnnbench.comparison.inference.schedule import LEVEL
from cnnbench.errors import ComparisonError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST_TECHNIQUES, FEWEST_SETS = 3, 3
"""That can be ranked. Of two data sets even the same order twice is no surprise."""
_SHUFFLES = 50_000
"""An error of .001 for a p of .05."""
_AT_ONCE = 5_000_000


@dataclass(frozen=True, slots=True)
class Ranking:
    """Techniques by their mean rank over data sets, 1 the best.

    places: of each technique its rank on each data set. p: of no difference at all, the one to go
    by: how often Friedman's chi-square is as large where the ranks on each data set are shuffled.
    chi_square: Friedman's, corrected for ties, and its p by the chi-square distribution; f: Iman
    and Davenport's, None where all data sets rank alike, and its p; both hold for many data sets
    alone. critical: mean ranks that differ by this or more differ after allowing for all pairs
    (Nemenyi), if p is below the level.
    """

    ranks: Mapping[str, float]
    places: Mapping[str, tuple[float, ...]]
    data_sets: int
    p: float
    chi_square: float
    chi_square_p: float
    f: float | None
    f_p: float
    critical: float
    level: float = LEVEL

    def differ(self, one: str, other: str) -> bool:
        """Whether two techniques are told apart."""
        apart = abs(self.ranks[one] - self.ranks[other])
        return self.p < self.level and apart >= self.critical

    @property
    def ordered(self) -> tuple[str, ...]:
        """The techniques, the best first."""
        return tuple(sorted(self.ranks, key=self.ranks.__getitem__))

    @property
    def alike(self) -> tuple[tuple[str, ...], ...]:
        """The largest groups, in order, of which no two techniques are told apart."""
        names, groups = self.ordered, list[tuple[str, ...]]()
        for first, _ in enumerate(names):
            group = tuple(x for x in names[first:] if not self.differ(names[first], x))
            if len(group) > 1 and not (groups and set(group) <= set(groups[-1])):
                groups.append(group)
        return tuple(groups)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Those that are told apart, the better one first."""
        return tuple(x for x in combinations(self.ordered, 2) if self.differ(*x))


def rank(
    scores: Mapping[str, Sequence[float]], *, higher_is_better: bool = True, level: float = LEVEL
) -> Ranking:
    """Rank techniques that were all tried on the same data sets (Demsar 2006, section 3.2).

    scores: of each technique, one a data set, in the same order; ties share their mean rank. With k
    techniques on N data sets: chi2 by Friedman (1937) with k - 1 degrees of freedom; F = (N - 1)
    chi2 / (N (k - 1) - chi2) with k - 1 and (k - 1)(N - 1) (Iman and Davenport 1980); critical
    difference q sqrt(k (k + 1) / (6 N)), q the studentised range's quantile over the root of 2
    (Nemenyi 1963). Of few data sets F errs up to four times as often as it says, so that p is taken
    from shuffled ranks (Friedman 1937, in full), always the same ones.

    Raises ComparisonError for fewer than three techniques or three data sets.
    """
    import numpy as np
    from scipy import stats

    table = np.array(list(scores.values()), float)
    if table.ndim != 2 or table.shape[0] < FEWEST_TECHNIQUES or table.shape[1] < FEWEST_SETS:  # noqa: PLR2004
        raise ComparisonError(
            "ranks over data sets take at least three techniques on the same three data sets; "
            "two techniques are compared by their paired differences"
        )
    k, n = table.shape
    places = stats.rankdata(-table if higher_is_better else table, axis=0)
    if (table == table[0]).all():
        chi_square, chi_square_p = 0.0, 1.0
    else:
        chi_square, chi_square_p = map(float, stats.friedmanchisquare(*table))
    most = n * (k - 1)
    alike = chi_square >= most * (1 - 1e-12)
    f = None if alike else (n - 1) * chi_square / (most - chi_square)
    f_p = 0.0 if f is None else float(stats.f.sf(f, k - 1, (k - 1) * (n - 1)))
    q = float(stats.studentized_range.ppf(1 - level, k, np.inf)) / 2**0.5
    return Ranking(
        dict(zip(scores, map(float, places.mean(axis=1)), strict=True)),
        {name: tuple(map(float, row)) for name, row in zip(scores, places, strict=True)},
        n,
        _shuffled_p(places.T),
        chi_square,
        chi_square_p,
        f,
        f_p,
        q * (k * (k + 1) / (6 * n)) ** 0.5,
        level,
    )


def _shuffled_p(places: NDArray[np.float64]) -> float:
    """How often shuffled ranks lie as far apart; places: (data sets, techniques).

    Friedman's chi-square grows with the squares of the techniques' rank sums, and with nothing
    else, as shuffling changes no ties.
    """
    import numpy as np

    seen = float(np.square(places.sum(0)).sum())
    draw = np.random.Generator(np.random.PCG64(0))
    reached = done = 0
    while done < _SHUFFLES:
        count = min(_SHUFFLES - done, max(1, _AT_ONCE // places.size))
        shuffled = draw.permuted(np.broadcast_to(places, (count, *places.shape)), axis=2)
        reached += int((np.square(shuffled.sum(1)).sum(1) >= seen * (1 - 1e-9)).sum())
        done += count
    return (1 + reached) / (1 + _SHUFFLES)
