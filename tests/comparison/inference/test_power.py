from __future__ import annotations

import pytest
from scipy import stats

from cnnbench.comparison.inference.power import detectable, found_by
from cnnbench.comparison.inference.sample import Sample


@pytest.mark.parametrize(("n", "deviations"), [(5, 1.68), (10, 1.00), (20, 0.66), (30, 0.53)])
def test_so_many_pairs_find_differences_of_so_many_standard_deviations(n, deviations):
    assert found_by(n, Sample(5, 0.0, 1.0)) == pytest.approx(deviations, abs=0.005)


def test_five_pairs_as_spread_as_small_data_find_five_points():
    assert found_by(5, Sample(5, 0.02, 0.029)) == pytest.approx(0.049, abs=0.0005)


@pytest.mark.parametrize("n", [2, 3, 5, 30])
@pytest.mark.parametrize("level", [0.05, 0.05 / 12])
def test_a_noncentral_t_exceeds_the_quantile_with_that_power(n, level):
    quantile = stats.t.isf(level / 2, n - 1)
    found = stats.nct.sf(quantile, n - 1, detectable(n, level=level))
    assert found == pytest.approx(0.8, abs=1e-4)


def test_folds_find_less_than_independent_replicates():
    assert found_by(5, Sample(5, 0.0, 0.02, 0.25)) > found_by(5, Sample(5, 0.0, 0.02))


def test_one_pair_finds_nothing():
    with pytest.raises(ValueError, match="1 pairs"):
        detectable(1)
