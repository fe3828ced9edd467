"""Techniques compared over several data sets: by rank, as their accuracies have no common scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnnbench.comparison.inference.schedule import LEVEL
from cnnbench.errors import ComparisonError


@dataclass(frozen=True, slots=True)
class Ranking:
    """Techniques by their mean rank over data sets, 1 the best.

    chi_square: Friedman's, corrected for ties, and its p; f: Iman and Davenport's, less
    conservative, and its p, the one to go by. critical: mean ranks that differ by this or more
    differ after allowing for all pairs (Nemenyi).
    """

    ranks: Mapping[str, float]
    data_sets: int
    chi_square: float
    chi_square_p: float
    f: float
    f_p: float
    critical: float


def rank(
    scores: Mapping[str, Sequence[float]], *, higher_is_better: bool = True, level: float = LEVEL
) -> Ranking:
    """Rank techniques that were all tried on the same data sets (Demsar 2006, section 3.2).

    scores: of each technique, one a data set, in the same order; ties share their mean rank. With k
    techniques on N data sets: chi2 by Friedman (1937) with k - 1 degrees of freedom; F = (N - 1)
    chi2 / (N (k - 1) - chi2) with k - 1 and (k - 1)(N - 1) (Iman and Davenport 1980); critical
    difference q sqrt(k (k + 1) / (6 N)), q the studentised range's quantile over the root of 2
    (Nemenyi 1963). Raises ComparisonError for fewer than three techniques or two data sets.
    """
    import numpy as np
    from scipy import stats

    table = np.array(list(scores.values()), float)
    if table.ndim != 2 or table.shape[0] < 3 or table.shape[1] < 2:  # noqa: PLR2004 - see below
        raise ComparisonError(
            "ranks over data sets take at least three techniques on the same two data sets; "
            "two techniques are compared by their paired differences"
        )
    k, n = table.shape
    ranks = stats.rankdata(-table if higher_is_better else table, axis=0).mean(axis=1)
    if (table == table[0]).all():
        chi_square, chi_square_p = 0.0, 1.0
    else:
        chi_square, chi_square_p = map(float, stats.friedmanchisquare(*table))
    most = n * (k - 1)
    f = float("inf") if chi_square >= most else (n - 1) * chi_square / (most - chi_square)
    f_p = float(stats.f.sf(f, k - 1, (k - 1) * (n - 1)))
    q = float(stats.studentized_range.ppf(1 - level, k, np.inf)) / 2**0.5
    return Ranking(
        dict(zip(scores, map(float, ranks), strict=True)),
        n,
        chi_square,
        chi_square_p,
        f,
        f_p,
        q * (k * (k + 1) / (6 * n)) ** 0.5,
    )
