"""What networks of an ensemble see of a split."""

import numpy as np
import pytest

from cnnbench.data.splits.draw import Split, bootstrap, held_out
from cnnbench.errors import DataError

LABELS = np.repeat(np.arange(4, dtype=np.int32), [60, 31, 90, 19])[
    np.random.default_rng(0).permutation(200)
]
SPLIT = Split(np.arange(0, 150), np.arange(150, 170), np.arange(170, 200))


def test_a_bootstrap_has_as_many_images_and_about_a_third_are_not_among_them():
    drawn = bootstrap(SPLIT, seed=3)
    assert len(drawn.train) == 150
    assert set(drawn.train) <= set(SPLIT.train)
    assert (np.diff(drawn.train) >= 0).all()
    assert drawn.test is SPLIT.test
    assert drawn.validation is SPLIT.validation
    missing = [150 - len(np.unique(bootstrap(SPLIT, seed=seed).train)) for seed in range(200)]
    # (1 - 1/n)^n of n; the standard deviation of one count is below 0.27 sqrt(n) (Feller 1968).
    assert np.mean(missing) == pytest.approx(150 * (1 - 1 / 150) ** 150, abs=4 * 3.4 / 200**0.5)


def test_every_image_is_drawn_as_often_as_every_other():
    counts = sum(np.bincount(bootstrap(SPLIT, seed=x).train, minlength=150) for x in range(2000))
    assert counts.mean() == 2000
    assert np.abs(counts - 2000).max() < 5 * 2000**0.5


def test_other_seeds_draw_others_and_the_same_the_same():
    first, again, other = (bootstrap(SPLIT, seed=seed).train for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_each_training_image_is_held_out_once_and_no_test_image_ever():
    parts = [held_out(SPLIT, LABELS, seed=5, part=part, parts=4) for part in range(4)]
    tested = np.concatenate([part.test for part in parts])
    assert sorted(tested) == list(SPLIT.train)
    for part in parts:
        assert not set(part.test) & set(part.train)
        assert set(part.test) | set(part.train) == set(SPLIT.train)
        assert part.validation is SPLIT.validation


def test_parts_have_the_classes_of_the_whole_as_those_of_stratified_k_fold():
    counts = np.bincount(LABELS[SPLIT.train])
    for part in range(4):
        rows = held_out(SPLIT, LABELS, seed=5, part=part, parts=4).test
        assert (np.abs(np.bincount(LABELS[rows], minlength=4) - counts / 4) < 1).all()


def test_more_parts_than_images_are_refused():
    few = Split(np.arange(3), SPLIT.validation, SPLIT.test)
    with pytest.raises(DataError, match="3 training images can't be divided into 4 parts"):
        held_out(few, LABELS, seed=0, part=0, parts=4)
