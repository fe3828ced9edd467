"""Largest remainders, and parts of a cross-validation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbench.data.amounts import apportion, part_of

COUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=12)


def test_seats_as_in_a_worked_example_of_the_hamilton_method():
    # https://en.wikipedia.org/wiki/Largest_remainder_method, Hare quota, 10 seats of 100,000 votes
    votes = np.array([47000, 16000, 15800, 12000, 6100, 3100])
    assert apportion(10, votes).tolist() == [5, 2, 1, 1, 1, 0]


@given(COUNTS, st.data())
def test_shares_add_up_and_stay_within_one_of_their_quota(counts, data):
    counts = np.array(counts)
    total = data.draw(st.integers(0, int(counts.sum())))
    shares = apportion(total, counts)
    assert shares.sum() == total
    assert (shares <= counts).all()
    if counts.sum():
        assert (np.abs(shares - total * counts / counts.sum()) < 1).all()


@given(COUNTS, st.integers(2, 10))
def test_parts_are_equal_to_one_image_in_total_and_by_class(counts, folds):
    parts = np.array([part_of(np.array(counts), fold, folds) for fold in range(folds)])
    assert parts.sum(axis=0).tolist() == counts
    assert np.ptp(parts.sum(axis=1)) <= 1
    assert (np.ptp(parts, axis=0) <= 1).all()


@pytest.mark.parametrize("total", [0, 1, 7])
def test_equal_classes_differ_by_one_at_most(total):
    assert np.ptp(apportion(total, np.array([5, 5, 5]))) <= 1
