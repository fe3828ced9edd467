"""Ranks over data sets as words: an answer, the columns of a table, and what they mean."""

from __future__ import annotations

from cnnbench.comparison.inference.data_sets import Ranking
from cnnbench.comparison.intervals import Estimate
from cnnbench.comparison.values import Comparison, Ranks
from cnnbench.report.cells import Column
from cnnbench.report.quantities import Scale, scale_of
from cnnbench.report.sentences import listed

_NAMED = 3
_SMALL = 0.001


def ranks_title(ranks: Ranks) -> str:
    """Over how many data sets, on which backend."""
    return f"Ranks over {len(ranks.data_sets)} data sets on {ranks.backend}"


def ranks_answer(ranks: Ranks) -> str:
    """Which variants rank above which, or that none does for sure."""
    ranking = ranks.ranking
    over = f"Over {ranking.data_sets} data sets,"
    first = ranking.ordered[0]
    if ranking.p >= ranking.level:
        return (
            f"{over} nothing is settled: the ranks differ no more than by chance "
            f"({_p(ranking)}); {first} comes first on average."
        )
    if not ranking.pairs:
        return (
            f"{over} the variants do not all rank alike ({_p(ranking)}), but no two are "
            f"far enough apart to tell which differ; {first} comes first on average."
        )
    said = [f"{one} ranks above {listed(others)}" for one, others in _above(ranking)]
    named = said[:_NAMED] + ([f"{len(said) - _NAMED} more do"] if len(said) > _NAMED else [])
    return f"{over} {'; '.join(named)}; nothing else is settled."


def ranks_columns(comparison: Comparison, ranks: Ranks) -> tuple[Column, ...]:
    """A row a variant, the best first: its mean rank, and on each data set its mean and rank."""
    names = ranks.ranking.ordered
    scale = _scale(comparison, ranks)
    head = f", {scale.unit}" if scale.unit else ""
    columns = [
        Column("variant", names, numeric=False),
        Column("mean rank", tuple(f"{ranks.ranking.ranks[name]:.2f}" for name in names)),
    ]
    for number, data_set in enumerate(ranks.data_sets):
        cells = tuple(
            f"{scale.factor * ranks.means[name][number]:,.{scale.decimals}f} "
            f"({ranks.ranking.places[name][number]:g})"
            for name in names
        )
        columns.append(Column(f"{data_set}{head}", cells, optional=True))
    return tuple(columns)


def ranks_explanation(comparison: Comparison, ranks: Ranks) -> str:
    """What is ranked, by which test, and how far apart mean ranks must be."""
    ranking, metric = ranks.ranking, comparison.metric
    direction = "highest" if metric.higher_is_better else "lowest"
    f = "" if ranking.f is None else f", Iman and Davenport's F = {ranking.f:.2f}"
    return (
        f"In ( ) the rank by mean {comparison.split} {metric.title} on each data set, 1 is the "
        f"{direction}; ties share theirs. Friedman's chi-square = {ranking.chi_square:.2f}{f}, "
        f"{_p(ranking)} by shuffling the ranks on each data set. Mean ranks that are "
        f"{ranking.critical:.2f} or more apart differ, for all pairs together (Nemenyi, "
        f"{100 * ranking.level:g} %), if p is below {p_text(ranking.level)}. Each data set counts "
        "once, however large it is (Demsar 2006)."
    )


def p_text(p: float) -> str:
    """Two digits, and no more zeros than the shuffles tell."""
    return "below .001" if p < _SMALL else f"{p:.2g}".removeprefix("0")


def _p(ranking: Ranking) -> str:
    return f"p {p_text(ranking.p)}" if ranking.p < _SMALL else f"p = {p_text(ranking.p)}"


def _above(ranking: Ranking) -> list[tuple[str, list[str]]]:
    """Each technique with those that it is told apart from, the best first."""
    found: dict[str, list[str]] = {}
    for one, other in ranking.pairs:
        found.setdefault(one, []).append(other)
    return list(found.items())


def _scale(comparison: Comparison, ranks: Ranks) -> Scale:
    means = [Estimate(x, 1) for each in ranks.means.values() for x in each]
    return scale_of(comparison.metric.unit, means)
