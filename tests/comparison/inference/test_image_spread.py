from __future__ import annotations

import numpy as np
import pytest

from cnnbench.comparison.inference.image_spread import image_variance, interval_over_images


def test_an_example_is_the_one_worked_out_by_hand():
    replicates = [
        (np.array([0, 1]), np.array([True, False])),
        (np.array([1, 2]), np.array([True, True])),
    ]
    # m = 3/4; images: 0 (1 - .75), 1 (1 - 1.5), 2 (1 - .75); squares .0625 + .25 + .0625, over 4^2
    assert image_variance(replicates) == pytest.approx(0.375 / 16)


def test_replicates_of_the_same_images_add_up_to_the_binomial_variance():
    right = np.arange(100) < 80
    once = image_variance([(np.arange(100), right)])
    assert once == pytest.approx(0.8 * 0.2 / 100)
    assert image_variance([(np.arange(100), right)] * 30) == pytest.approx(once)


def test_the_order_of_rows_does_not_matter():
    rows, right = np.arange(50), np.arange(50) % 3 > 0
    other = (rows[::-1], right[::-1])
    assert image_variance([(rows, right), other]) == pytest.approx(
        image_variance([(rows, right), (rows, right)])
    )


def test_an_interval_takes_two_replicates():
    assert interval_over_images([(np.arange(3), np.array([True, True, False]))]) is None


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
        interval = interval_over_images(replicates)
        covered += interval.low <= 0.8 <= interval.high
        accuracies = np.array([right.mean() for _, right in replicates])
        half = 2.093 * accuracies.std(ddof=1) / 20**0.5
        plain += abs(accuracies.mean() - 0.8) <= half
    assert covered / studies > 0.95 - 3 * (0.05 * 0.95 / studies) ** 0.5
    assert plain / studies < 0.85
