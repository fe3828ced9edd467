"""Splits of whole groups: none shared, classes even, drawn anew for each seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from cnnbench.data.spec import DataSpec
from cnnbench.data.splits.draw import held_out, split_rows
from cnnbench.errors import DataError


def split(labels, groups, fixed=None, *, seed=0, fold=None, folds=0, **keys):
    return split_rows(
        np.asarray(labels, np.int32),
        fixed or {},
        DataSpec(source="any", **keys),
        seed=seed,
        fold=fold,
        folds=folds,
        groups=np.asarray(groups),
    )


def sides(parts):
    return [parts.train, parts.validation, parts.test]


def shares_none(parts, groups):
    held = [set(np.asarray(groups)[rows].tolist()) for rows in sides(parts)]
    return not (held[0] & held[1] or held[0] & held[2] or held[1] & held[2])


def bursts(*, count, classes, size, seed, pure=True):
    """Labels and groups of so many groups of about `size` images, in any order."""
    random = np.random.default_rng(seed)
    sizes = 1 + random.poisson(size - 1, count)
    groups = np.repeat(np.arange(count), sizes)
    labels = np.repeat(np.arange(count) % classes, sizes)
    if not pure:
        labels = random.integers(0, classes, len(groups))
    order = random.permutation(len(groups))
    return labels[order], groups[order]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 12), st.integers(2, 4), st.integers(1, 12))
def test_no_group_is_in_two_splits_and_every_image_in_one(seed, each, classes, size):
    labels, groups = bursts(count=each * classes, classes=classes, size=size, seed=seed)
    parts = split(labels, groups, seed=seed)
    assert shares_none(parts, groups)
    assert sorted(np.concatenate(sides(parts)).tolist()) == list(range(len(labels)))
    for rows in sides(parts):
        assert set(labels[rows].tolist()) == set(range(classes))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 12), st.integers(2, 3), st.integers(2, 5))
def test_each_group_is_tested_in_one_fold_and_trained_on_in_no_fold_that_tests_it(
    seed, each, classes, folds
):
    labels, groups = bursts(count=each * classes, classes=classes, size=6, seed=seed)
    parts = [split(labels, groups, seed=seed, fold=fold, folds=folds) for fold in range(folds)]
    assert all(shares_none(part, groups) for part in parts)
    tested = np.concatenate([np.unique(groups[part.test]) for part in parts])
    assert sorted(tested.tolist()) == sorted(set(groups.tolist()))


def test_splits_are_about_as_large_as_asked_for_with_the_proportions_of_classes():
    labels, groups = bursts(count=60, classes=3, size=8, seed=1)
    for seed in range(5):
        parts = split(labels, groups, seed=seed, test=0.25, validation=0.15)
        for rows, fraction in ((parts.test, 0.25), (parts.validation, 0.15)):
            of_class = np.bincount(labels[rows]) / np.bincount(labels)
            assert of_class == pytest.approx(fraction, abs=0.06)


@pytest.mark.parametrize("pure", [True, False])
def test_folds_are_at_least_as_even_as_those_of_scikit_learn(pure):
    """By the standard deviation of the sizes of folds and of the classes in them, on average."""

    def unevenness(folds, labels):
        counts = np.array([np.bincount(labels[rows], minlength=3) for rows in folds])
        return counts.sum(axis=1).std(), (counts / counts.sum(axis=0)).std(axis=0).mean()

    ours, theirs = [], []
    for seed in range(8):
        labels, groups = bursts(count=50, classes=3, size=8, seed=seed, pure=pure)
        drawn = [split(labels, groups, seed=seed, fold=x, folds=5).test for x in range(5)]
        ours.append(unevenness(drawn, labels))
        known = StratifiedGroupKFold(5, shuffle=True, random_state=seed)
        theirs.append(unevenness([test for _, test in known.split(labels, labels, groups)], labels))
    assert (np.mean(ours, axis=0) <= 1.05 * np.mean(theirs, axis=0)).all()


def test_the_seed_alone_decides_and_other_seeds_draw_other_groups():
    labels, groups = bursts(count=30, classes=2, size=6, seed=2)
    again = [split(labels, groups, seed=seed).test.tolist() for seed in (0, 0, 1, 2)]
    assert again[0] == again[1]
    assert len({tuple(rows) for rows in again}) == 3
    renamed = groups.max() - groups
    assert shares_none(split(labels, renamed, seed=1), groups)


def test_fewer_training_images_leave_the_other_splits_as_they_are():
    labels, groups = bursts(count=30, classes=2, size=6, seed=3)
    whole, fewer = split(labels, groups), split(labels, groups, train=40)
    assert fewer.test.tolist() == whole.test.tolist()
    assert fewer.validation.tolist() == whole.validation.tolist()
    assert len(fewer.train) == 40
    assert set(fewer.train.tolist()) < set(whole.train.tolist())
    balance = np.bincount(labels[fewer.train]) - np.bincount(labels[whole.train]) * (
        40 / len(whole.train)
    )
    assert np.abs(balance).max() < 1


def test_a_class_of_one_group_is_trained_on_in_every_replicate():
    labels, groups = bursts(count=20, classes=2, size=5, seed=4)
    labels = np.where(groups == 0, 2, labels)
    for seed in range(10):
        parts = split(labels, groups, seed=seed)
        assert 2 in labels[parts.train]
        assert 2 not in labels[parts.test]


def test_images_of_other_classes_count_for_no_group():
    labels, groups = bursts(count=20, classes=2, size=5, seed=5)
    labels = np.where(groups < 6, -1, labels)
    parts = split(labels, groups)
    assert shares_none(parts, groups)
    assert (labels[np.concatenate(sides(parts))] >= 0).all()


def test_a_fixed_test_split_stays_whole_where_it_shares_no_group():
    labels, groups = bursts(count=20, classes=2, size=5, seed=6)
    fixed = {"test": np.flatnonzero(groups < 4)}
    parts = split(labels, groups, fixed)
    assert parts.test.tolist() == fixed["test"].tolist()
    assert shares_none(parts, groups)
    with pytest.raises(DataError, match="1 group of images is in both the given training and test"):
        split(labels, groups, {"test": np.flatnonzero(groups < 4)[:-1]})


@pytest.mark.parametrize(
    ("labels", "groups", "keys", "sentence"),
    [
        ([0, 1] * 6, [0, 1] * 6, {}, "2 groups of images are too few for 3 splits"),
        ([0, 1] * 6, [0] * 12, {}, "1 group of images is too few"),
        ([0, 1] * 6, list(range(4)) * 3, {"folds": 5, "fold": 0}, "there are only 4 groups"),
        ([0] * 6 + [1] * 6, [0, 1, 2] * 2 + [3] * 6, {"folds": 2, "fold": 0}, "class '1' has too"),
    ],
)
def test_too_few_groups_are_refused_in_a_sentence(labels, groups, keys, sentence):
    with pytest.raises(DataError, match=sentence) as error:
        split(labels, groups, **keys)
    assert error.value.key == "groups"


def test_where_no_group_can_be_spared_it_is_said():
    labels, groups = [0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2]
    with pytest.raises(DataError, match="no group of images can be spared for the test split"):
        split(labels, groups)


def test_parts_that_members_of_an_ensemble_predict_keep_groups_whole():
    labels, groups = bursts(count=30, classes=2, size=6, seed=7)
    whole = split(labels, groups)
    parts = [
        held_out(whole, labels.astype(np.int32), seed=1, part=part, parts=3, groups=groups)
        for part in range(3)
    ]
    tested = np.concatenate([part.test for part in parts])
    assert sorted(tested.tolist()) == whole.train.tolist()
    for part in parts:
        assert not set(groups[part.test].tolist()) & set(groups[part.train].tolist())
