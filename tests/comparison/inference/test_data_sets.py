from __future__ import annotations

import pytest
from scipy import stats

from cnnbench.comparison.inference.data_sets import rank
from cnnbench.errors import ComparisonError

DEMSAR = {  # AUC of four variants of C4.5 on 14 data sets, Demsar 2006, table 6
    "C4.5": [.763, .599, .954, .628, .882, .936, .661, .583, .775, 1, .940, .619, .972, .957],
    "+m": [.768, .591, .971, .661, .888, .931, .668, .583, .838, 1, .962, .666, .981, .978],
    "+cf": [.771, .590, .968, .654, .886, .916, .609, .563, .866, 1, .965, .614, .9751, .946],
    "+m+cf": [.798, .569, .967, .657, .898, .931, .685, .625, .875, 1, .962, .669, .975, .970],
}  # fmt: skip


def test_the_ranks_are_demsars():
    found = rank(DEMSAR)
    assert list(found.ranks.values()) == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    assert found.data_sets == 14


def test_the_critical_difference_is_demsars():
    assert rank(DEMSAR).critical == pytest.approx(1.25, abs=0.005)


def test_friedmans_chi_square_is_demsars_before_correcting_for_ties():
    found = rank(DEMSAR)
    # Three data sets with a pair of equal ranks and one with four: t^3 - t is 6, 6, 6 and 60.
    ties = 1 - (3 * 6 + 60) / (14 * 4 * 15)
    assert found.chi_square * ties == pytest.approx(9.28, abs=0.01)


@pytest.mark.parametrize(("k", "q"), [(3, 2.343), (4, 2.569), (6, 2.850), (10, 3.164)])
def test_the_critical_values_are_nemenyis(k, q):
    scores = {str(i): [i, i + 1.0, i + 2.0] for i in range(k)}
    assert rank(scores).critical == pytest.approx(q * (k * (k + 1) / 18) ** 0.5, abs=2e-3)


def test_iman_and_davenports_f_follows_from_friedmans_chi_square():
    found = rank(DEMSAR)
    chi_square = stats.friedmanchisquare(*DEMSAR.values()).statistic
    assert found.f == pytest.approx(13 * chi_square / (42 - chi_square))
    assert found.f_p == pytest.approx(stats.f.sf(found.f, 3, 39))


def test_techniques_that_always_rank_alike_differ_for_certain():
    found = rank({"a": [3.0, 3.0, 9.0], "b": [2.0, 2.0, 2.0], "c": [1.0, 0.0, 1.0]})
    assert found.ranks == {"a": 1, "b": 2, "c": 3}
    assert found.f_p == 0


def test_lower_is_better_where_it_is():
    found = rank({"a": [3.0, 3], "b": [2.0, 2], "c": [1.0, 1]}, higher_is_better=False)
    assert found.ranks == {"a": 3, "b": 2, "c": 1}


def test_equal_scores_rank_alike():
    found = rank({name: [0.5, 0.6, 0.7] for name in "abc"})
    assert set(found.ranks.values()) == {2}
    assert found.chi_square_p == found.f_p == 1


@pytest.mark.parametrize("scores", [{"a": [1.0, 2.0], "b": [1.0, 2.0]}, {x: [1.0] for x in "abc"}])
def test_two_techniques_or_one_data_set_are_not_ranked(scores):
    with pytest.raises(ComparisonError, match="at least three techniques"):
        rank(scores)
