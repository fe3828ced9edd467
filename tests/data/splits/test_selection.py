"""Choosing classes relabels and copies nothing."""

import numpy as np
import pytest

from cnnbench.data.sources.cache import CachedImages
from cnnbench.data.splits.selection import select_classes
from cnnbench.errors import DataError


@pytest.fixture
def cached():
    return CachedImages(
        images=np.zeros((6, 2, 2, 1), np.uint8),
        labels=np.array([0, 1, 2, 2, 1, 0], np.int32),
        classes=("ant", "bee", "cat"),
        fixed={"test": np.array([4, 5])},
        notes=(),
        digest="d",
        synthetic=False,
    )


def test_labels_follow_the_order_given_and_others_are_minus_one(cached):
    chosen = select_classes(cached, ("cat", "ant"))
    assert chosen.classes == ("cat", "ant")
    assert chosen.labels.tolist() == [1, -1, 0, 0, -1, 1]
    assert chosen.labels.dtype == np.int32


def test_rows_and_pixels_stay_where_they_are(cached):
    chosen = select_classes(cached, ("cat", "ant"))
    assert chosen.images is cached.images
    assert chosen.fixed is cached.fixed
    assert chosen.digest == cached.digest


def test_no_choice_is_every_class(cached):
    assert select_classes(cached, None) is cached


def test_an_unknown_class_is_refused_with_the_nearest_name(cached):
    with pytest.raises(DataError, match="no class 'Cats'; did you mean 'cat'"):
        select_classes(cached, ("ant", "Cats"))
