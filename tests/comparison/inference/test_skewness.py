from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cnnbench.comparison.inference.skewness import p_of_skewness, skewness


@pytest.mark.parametrize("n", [8, 12, 30, 100])
def test_skewness_and_p_are_those_of_scipy(n):
    for seed in range(5):
        values = np.random.default_rng(seed).gamma(2.0, size=n)
        found = stats.skewtest(values)
        assert skewness(list(values)) == pytest.approx(stats.skew(values), rel=1e-9)
        assert p_of_skewness(list(values)) == pytest.approx(found.pvalue, rel=1e-9)


def test_equal_values_are_not_skewed():
    assert skewness([0.25] * 8) == 0
    assert p_of_skewness([0.25] * 8) == 1
