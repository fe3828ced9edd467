from __future__ import annotations

from itertools import permutations
from statistics import fmean

import numpy as np
import pytest

from cnnbench.comparison.inference.image_spread import (
    largest_variance,
    over_images,
    variance_between_images,
)
from cnnbench.comparison.intervals import student_interval

ROWS = np.arange(100)


def interval_over_images(accuracies, shared):
    return over_images(fmean(accuracies), student_interval(accuracies), shared)


def test_images_that_all_replicates_judge_alike_differ_as_much_as_they_can():
    right = ROWS < 80
    assert variance_between_images([(ROWS, right)] * 3) == pytest.approx(0.8 * 0.2)
    assert largest_variance(0.8) == pytest.approx(0.8 * 0.2)


def test_where_replicates_agree_by_chance_alone_images_do_not_differ():
    halves, even = ROWS < 50, ROWS % 2 == 0  # right together about 25 of 100
    assert variance_between_images([(ROWS, halves), (ROWS, even)]) == pytest.approx(0)
    assert variance_between_images([(ROWS, halves), (ROWS, ~halves)]) == 0


def test_it_is_the_mean_product_of_residuals_on_images_that_two_replicates_tested():
    rng = np.random.default_rng(0)
    replicates = [
        (rows := rng.choice(200, 90, replace=False), rng.random(90) < 0.3 + rows / 400)
        for _ in range(4)
    ]
    products = []
    for (rows, right), (others, also) in permutations(replicates, 2):
        ours = dict(zip(rows, right - right.mean(), strict=True))
        theirs = dict(zip(others, also - also.mean(), strict=True))
        products += [ours[row] * theirs[row] for row in ours.keys() & theirs.keys()]
    assert variance_between_images(replicates) == pytest.approx(np.mean(products))


def test_too_few_images_in_common_tell_nothing():
    right = ROWS < 80
    assert variance_between_images([(ROWS, right)]) is None
    assert variance_between_images([(ROWS, right), (ROWS + 1, right)]) is None  # 99
    assert variance_between_images([(ROWS, right), (ROWS, right)]) is not None


def test_an_interval_is_the_one_worked_out_by_hand():
    # Half-widths of 4.302653 * .01 / sqrt(3) = .0248414 and of 1.959964 * .02 = .0391993.
    interval = interval_over_images([0.79, 0.8, 0.81], 0.0004)
    assert interval.high - 0.8 == pytest.approx(0.0464077, abs=1e-7)
    assert 0.8 - interval.low == pytest.approx(interval.high - 0.8)


def test_without_anything_shared_it_is_students():
    values = [0.8, 0.83, 0.79, 0.85]
    ours, students = interval_over_images(values, 0.0), student_interval(values)
    assert (ours.low, ours.high) == pytest.approx((students.low, students.high))


def test_equal_accuracies_are_as_uncertain_as_their_images_are_few():
    interval = interval_over_images([0.8, 0.8, 0.8], 0.16 / 400)
    assert interval.high - 0.8 == pytest.approx(1.959964 * 0.02)


def _replicate(rng, easy, n):
    """Accuracies of a replicate on the pool: images differ, replicates differ a little."""
    rows = rng.choice(len(easy), 200, replace=False)
    return rows, rng.random(200) < np.clip(easy[rows] + rng.normal(0, 0.01), 0, 1)


def test_the_interval_covers_new_images_where_the_one_over_replicates_does_not():
    rng = np.random.default_rng(3)
    studies, covered, plain = 200, 0, 0
    for _ in range(studies):
        easy = rng.beta(4, 1, 300)  # the mean over the world of images is .8
        replicates = [_replicate(rng, easy, 20) for _ in range(20)]
        accuracies = [right.mean() for _, right in replicates]
        interval = interval_over_images(accuracies, variance_between_images(replicates) / 300)
        covered += interval.low <= 0.8 <= interval.high
        students = student_interval(accuracies)
        plain += students.low <= 0.8 <= students.high
    error = (0.05 * 0.95 / studies) ** 0.5
    assert covered / studies == pytest.approx(0.95, abs=3 * error)
    assert plain / studies < 0.85
