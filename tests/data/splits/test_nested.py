"""Fewer training images of a replicate are some of those that it has when it has more."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnbench.data.sources.digits import CLASS_COUNT
from cnnbench.data.spec import DataSpec
from cnnbench.data.splits.draw import split_rows


def training(labels, train, seed, **keys):
    spec = DataSpec(source="any", train=train, **keys)
    return split_rows(labels, {}, spec, seed=seed, fold=None, folds=0)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 1000))
def test_the_digits_of_the_learning_curve_are_nested_and_tested_on_the_same_images(seed):
    labels = np.repeat(np.arange(10, dtype=np.int32), CLASS_COUNT)
    drawn = [training(labels, n, seed, validation=200, test=1000) for n in (50, 100, 200, 400)]
    for fewer, more in pairwise(drawn):
        assert set(fewer.train) <= set(more.train)
        assert fewer.test.tolist() == more.test.tolist()
        assert fewer.validation.tolist() == more.validation.tolist()


@settings(deadline=None)
@given(
    st.lists(st.integers(20, 60), min_size=2, max_size=6),
    st.integers(0, 1000),
    st.floats(0.3, 1.0),
    st.floats(0.3, 1.0),
)
def test_of_uneven_classes_at_most_one_image_of_each_is_not_among_the_more(
    counts, seed, part, whole
):
    labels = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    more = round(whole * len(training(labels, None, seed).train))
    large = training(labels, more, seed).train
    small = training(labels, round(part * more), seed).train
    left_out = np.bincount(labels[np.setdiff1d(small, large)], minlength=len(counts))
    assert left_out.max(initial=0) <= 1


def test_rounding_may_take_an_image_from_a_class_when_there_are_more():
    """The paradox of largest remainders (Balinski and Young 1982), worked out by hand.

    Of 7, 5 and 3 images 7 are 3.27, 2.33 and 1.40 of each, so that the third class is rounded up;
    8 are 3.73, 2.67 and 1.60, so that the first two are.
    """
    labels = np.repeat(np.arange(3, dtype=np.int32), [7, 5, 3])
    labels = np.concatenate([labels, [0, 1, 2, 0, 1, 2]]).astype(np.int32)
    fixed = {"validation": np.arange(15, 18), "test": np.arange(18, 21)}
    counts = []
    for train in (7, 8):
        spec = DataSpec(source="any", train=train)
        drawn = split_rows(labels, fixed, spec, seed=0, fold=None, folds=0).train
        counts.append(np.bincount(labels[drawn]).tolist())
    assert counts == [[3, 2, 2], [4, 3, 1]]
