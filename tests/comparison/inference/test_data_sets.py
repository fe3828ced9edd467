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
    assert (found.f, found.f_p) == (None, 0)


def test_lower_is_better_where_it_is():
    found = rank({"a": [3.0] * 3, "b": [2.0] * 3, "c": [1.0] * 3}, higher_is_better=False)
    assert found.ranks == {"a": 3, "b": 2, "c": 1}


def test_equal_scores_rank_alike():
    found = rank({name: [0.5, 0.6, 0.7] for name in "abc"})
    assert set(found.ranks.values()) == {2}
    assert found.chi_square_p == found.f_p == found.p == 1


def of_orders(*orders):
    """Scores of techniques whose ranks on each data set are these."""
    return {str(i): [-order[i] for order in orders] for i in range(len(orders[0]))}


@pytest.mark.parametrize(
    ("orders", "p"),
    [  # from tables of Friedman's exact distribution (Owen 1962, Handbook of Statistical Tables)
        (["123", "123", "123"], 0.028),
        (["123", "123", "132"], 0.194),
        (["123", "123", "123", "132"], 0.042),
        (["1234", "1234", "1234"], 0.0017),
        (["1234", "1234", "2134"], 0.017),
    ],
)
def test_p_is_that_of_friedmans_exact_distribution(orders, p):
    found = rank(of_orders(*[[int(x) for x in order] for order in orders]))
    assert found.p == pytest.approx(p, abs=4 * (p / 50_000) ** 0.5 + 5e-4)


def test_of_three_data_sets_the_f_distribution_errs_four_times_as_often_as_it_says():
    found = rank(of_orders((1, 2, 3), (1, 2, 3), (1, 3, 2)))
    assert found.f_p < 0.05
    assert found.p > 0.19


def test_p_is_always_the_same():
    assert rank(DEMSAR).p == rank(DEMSAR).p == pytest.approx(0.0134, abs=0.002)


def test_pairs_are_told_apart_that_lie_a_critical_difference_apart():
    found = rank(of_orders(*[(1, 2, 3, 4)] * 5))
    assert found.critical == pytest.approx(2.569 * (20 / 30) ** 0.5, abs=2e-3)  # 2.10
    assert found.pairs == (("0", "3"),)
    assert found.alike == (("0", "1", "2"), ("1", "2", "3"))
    more = rank(of_orders(*[(1, 2, 3, 4)] * 15))  # 1.21
    assert more.pairs == (("0", "2"), ("0", "3"), ("1", "3"))
    assert more.alike == (("0", "1"), ("1", "2"), ("2", "3"))


def test_where_ranks_differ_by_chance_no_pair_is_told_apart_however_far():
    found = rank(of_orders((1, 2, 3), (1, 3, 2), (2, 1, 3)))
    assert found.p > 0.05
    assert found.pairs == ()
    assert found.alike == (found.ordered,)


@pytest.mark.parametrize("scores", [{"a": [1.0] * 4, "b": [2.0] * 4}, {x: [1.0, 2] for x in "abc"}])
def test_two_techniques_or_two_data_sets_are_not_ranked(scores):
    with pytest.raises(ComparisonError, match="at least three techniques"):
        rank(scores)
