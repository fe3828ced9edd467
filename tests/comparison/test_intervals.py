from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cnnbench.comparison.intervals import (
    TooFewReplicatesError,
    corrected_interval,
    estimate,
    student_interval,
)

accuracies = st.lists(st.floats(0, 1), min_size=2, max_size=30)


def test_the_interval_of_three_values_is_the_one_worked_out_by_hand():
    # mean 0.92, standard deviation 0.02, t(0.975, 2) = 4.302653: half 4.302653 * 0.02 / sqrt(3)
    interval = student_interval([0.90, 0.92, 0.94])
    assert interval.low == pytest.approx(0.92 - 0.049683, abs=1e-6)
    assert interval.high == pytest.approx(0.92 + 0.049683, abs=1e-6)


def test_the_corrected_interval_of_three_folds_is_the_one_worked_out_by_hand():
    # s = 0.1; variance factor 1/3 + (1/3)/(2/3) = 0.8333: half 4.302653 * sqrt(0.01 * 0.8333)
    interval = corrected_interval([0.1, 0.2, 0.3], 1 / 3)
    assert interval.low == pytest.approx(0.2 - 0.392777, abs=1e-6)
    assert interval.high == pytest.approx(0.2 + 0.392777, abs=1e-6)


@given(accuracies)
def test_the_interval_is_scipys(values):
    interval = student_interval(values)
    if max(values) - min(values) < 1e-6:
        assert interval.high - interval.low < 1e-4
        return
    low, high = stats.t.interval(
        0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values)
    )
    assert interval.low == pytest.approx(low, abs=1e-9)
    assert interval.high == pytest.approx(high, abs=1e-9)


@given(accuracies, st.floats(0.05, 0.5))
def test_folds_never_make_an_interval_narrower(values, fraction):
    plain, corrected = student_interval(values), corrected_interval(values, fraction)
    assert corrected.low <= plain.low
    assert corrected.high >= plain.high


def test_equal_values_have_an_interval_without_width():
    interval = student_interval([0.5, 0.5, 0.5])
    assert (interval.low, interval.high) == (0.5, 0.5)


def test_values_that_differ_by_rounding_alone_are_equal():
    third = 0.1 + 0.2  # 0.30000000000000004
    interval = student_interval([third, 0.3, 0.3])
    assert interval.low == interval.high == pytest.approx(0.3)


@pytest.mark.parametrize("values", [[], [0.5]])
def test_below_two_values_there_is_no_interval(values):
    with pytest.raises(TooFewReplicatesError, match=f"here is {len(values)}"):
        student_interval(values)
    with pytest.raises(TooFewReplicatesError):
        corrected_interval(values, 0.2)


def test_one_value_has_a_mean_without_an_interval():
    single = estimate([0.7])
    assert (single.mean, single.n, single.interval) == (0.7, 1, None)
