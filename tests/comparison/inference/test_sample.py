from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cnnbench.comparison.inference.sample import (
    Sample,
    interval_at,
    probabilities,
    sample_of,
    two_sided_p,
)
from cnnbench.comparison.intervals import corrected_interval, student_interval

differences = st.lists(st.floats(-1, 1), min_size=2, max_size=30).filter(lambda x: np.ptp(x) > 1e-6)


@given(differences)
def test_the_p_is_that_of_scipys_paired_t_test(values):
    ours = two_sided_p(sample_of(values))
    assert ours == pytest.approx(stats.ttest_1samp(values, 0).pvalue, rel=1e-6, abs=1e-12)


@given(differences)
def test_the_interval_is_the_one_that_estimates_have(values):
    ours, theirs = interval_at(sample_of(values), 0.05), student_interval(values)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@given(differences, st.floats(0.1, 0.5))
def test_the_interval_of_folds_is_the_corrected_one(values, fraction):
    ours = interval_at(sample_of(values, test_fraction=fraction), 0.05)
    theirs = corrected_interval(values, fraction)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_the_three_probabilities_are_those_worked_out_by_hand():
    # mean .02, s .02 over 4: scale .01; t of 3 degrees is below 1 with .8045, below -3 with .0288
    sample = sample_of([0.0, 0.04, 0.03, 0.01], test_fraction=0)
    scale = np.std([0.0, 0.04, 0.03, 0.01], ddof=1) / 2
    found = probabilities(Sample(4, 0.02, 0.02), 0.01)
    assert found.above == pytest.approx(0.8045, abs=1e-5)
    assert found.below == pytest.approx(0.0288, abs=1e-4)
    assert found.within == pytest.approx(0.1667, abs=1e-4)
    exact = stats.t(3, loc=0.02, scale=scale)
    assert probabilities(sample, 0.01).above == pytest.approx(exact.sf(0.01))


@given(differences, st.floats(0, 0.5), st.floats(0, 0.5))
def test_the_posterior_of_folds_has_the_scale_of_corani_and_benavoli(values, rho, margin):
    found = probabilities(sample_of(values, test_fraction=rho), margin)
    n = len(values)
    scale = np.std(values, ddof=1) * np.sqrt(1 / n + rho / (1 - rho))
    posterior = stats.t(n - 1, loc=np.mean(values), scale=scale)
    assert found.above == pytest.approx(posterior.sf(margin), abs=1e-7)
    assert found.below == pytest.approx(posterior.cdf(-margin), abs=1e-7)
    assert found.below + found.within + found.above == pytest.approx(1)


def test_one_difference_has_no_spread():
    assert sample_of([0.1]) is None
    assert sample_of([]) is None


def test_equal_differences_are_as_uncertain_as_the_steps_they_come_in():
    sample = sample_of([0.03, 0.03], resolution=0.01)
    assert sample.spread == pytest.approx(0.01 / 12**0.5)
    assert sample_of([0.03, 0.03]).spread == 0
    assert sample_of([0.0, 0.5], resolution=0.01).spread == pytest.approx(0.5 / 2**0.5)
