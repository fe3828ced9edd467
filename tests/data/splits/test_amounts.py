"""Largest remainders, and parts of a cross-validation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbench.data.splits.amounts import has_ties, part_of, quotas, round_up

FIRST = np.arange(12)
"""Lots that fall to the first class, to the first of the rest, and so on."""


def apportion(total, counts, order):
    shares, remainders, extra = quotas(total, counts)
    return round_up(shares, remainders, extra, order)


COUNTS = st.lists(st.integers(0, 500), min_size=1, max_size=12)


def test_seats_as_in_a_worked_example_of_the_hamilton_method():
    # https://en.wikipedia.org/wiki/Largest_remainder_method, Hare quota, 10 seats of 100,000 votes
    votes = np.array([47000, 16000, 15800, 12000, 6100, 3100])
    assert apportion(10, votes, FIRST[:6]).tolist() == [5, 2, 1, 1, 1, 0]


@given(COUNTS, st.data())
def test_shares_add_up_and_stay_within_one_of_their_quota(counts, data):
    counts = np.array(counts)
    total = data.draw(st.integers(0, int(counts.sum())))
    shares = apportion(total, counts, FIRST[: len(counts)])
    assert shares.sum() == total
    assert (shares <= counts).all()
    if counts.sum():
        assert (np.abs(shares - total * counts / counts.sum()) < 1).all()


@given(COUNTS, st.integers(2, 10))
def test_parts_are_equal_to_one_image_in_total_and_by_class(counts, folds):
    parts = np.array(
        [part_of(np.array(counts), fold, folds, FIRST[: len(counts)]) for fold in range(folds)]
    )
    assert parts.sum(axis=0).tolist() == counts
    assert np.ptp(parts.sum(axis=1)) <= 1
    assert (np.ptp(parts, axis=0) <= 1).all()


@pytest.mark.parametrize("total", [0, 1, 7])
def test_equal_classes_differ_by_one_at_most(total):
    assert np.ptp(apportion(total, np.array([5, 5, 5]), FIRST[:3])) <= 1


@given(COUNTS, st.data())
def test_the_order_decides_between_equal_remainders_and_only_between_them(counts, data):
    counts = np.array(counts)
    total = data.draw(st.integers(0, int(counts.sum())))
    order = np.array(data.draw(st.permutations(range(len(counts)))))
    first, other = apportion(total, counts, np.arange(len(counts))), apportion(total, counts, order)
    assert sorted(first - total * counts // max(1, counts.sum())) == sorted(
        other - total * counts // max(1, counts.sum())
    )
    _, remainders, extra = quotas(total, counts)
    assert has_ties(remainders, extra) or np.array_equal(first, other)


def test_the_first_in_the_order_gets_the_last_image():
    assert apportion(2, np.array([2, 2, 2]), np.array([2, 0, 1])).tolist() == [1, 0, 1]
    assert has_ties(np.array([2, 2, 2]), 2)
    assert not has_ties(np.array([2, 2, 2]), 0)
    assert not has_ties(np.array([2, 3, 3]), 2)
