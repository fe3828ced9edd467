"""Splits: disjoint, stratified, exact, determined by the seed, true to what a source fixes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedShuffleSplit

from cnnbench.data.sources.source import Facts
from cnnbench.data.splits.draw import split_rows
from cnnbench.data.splits.feasibility import DRAWS, amount_errors, split_notes
from cnnbench.errors import DataError

from .conftest import check_amounts, spec


def split(labels, fixed=None, *, seed=0, fold=None, folds=0, **keys):
    return split_rows(
        np.asarray(labels, np.int32), fixed or {}, spec(**keys), seed=seed, fold=fold, folds=folds
    )


def every_row(parts):
    return sorted(np.concatenate([parts.train, parts.validation, parts.test]).tolist())


THREE_CLASSES = np.repeat([0, 1, 2], [50, 30, 20])


def test_defaults_are_a_fifth_for_validation_a_fifth_for_test_and_the_rest():
    parts = split(THREE_CLASSES)
    assert [len(parts.train), len(parts.validation), len(parts.test)] == [60, 20, 20]
    assert every_row(parts) == list(range(100))


def test_each_split_keeps_the_proportions_of_the_classes():
    parts = split(THREE_CLASSES)
    assert np.bincount(THREE_CLASSES[parts.test]).tolist() == [10, 6, 4]
    assert np.bincount(THREE_CLASSES[parts.validation]).tolist() == [10, 6, 4]
    assert np.bincount(THREE_CLASSES[parts.train]).tolist() == [30, 18, 12]


def test_numbers_are_met_exactly_and_the_rest_is_left_out():
    parts = split(THREE_CLASSES, train=37, validation=11, test=13)
    assert [len(parts.train), len(parts.validation), len(parts.test)] == [37, 11, 13]
    assert len(set(every_row(parts))) == 61


def test_the_seed_decides():
    first, again, other = split(THREE_CLASSES), split(THREE_CLASSES), split(THREE_CLASSES, seed=1)
    assert np.array_equal(first.test, again.test)
    assert not np.array_equal(first.test, other.test)


def test_fewer_training_images_change_neither_validation_nor_test():
    few, many = split(THREE_CLASSES, train=10), split(THREE_CLASSES, train=50)
    assert np.array_equal(few.test, many.test)
    assert np.array_equal(few.validation, many.validation)
    assert set(few.train) < set(many.train)


def test_proportions_agree_with_scikit_learn():
    rng = np.random.default_rng(5)
    labels = rng.choice(7, size=1003, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.03, 0.02])
    theirs = StratifiedShuffleSplit(1, train_size=0.5, test_size=0.2, random_state=0)
    train, test = next(theirs.split(np.zeros(len(labels)), labels))
    ours = split(labels, train=len(train), validation=1, test=len(test))
    for mine, their in ((ours.train, train), (ours.test, test)):
        assert len(mine) == len(their)
        difference = np.bincount(labels[mine]) - np.bincount(labels[their])
        assert np.abs(difference).max() <= 1


def test_the_test_split_of_the_source_is_kept_whole():
    fixed = {"test": np.arange(0, 100, 4)}
    parts = split(THREE_CLASSES, fixed)
    assert parts.test.tolist() == list(range(0, 100, 4))
    assert [len(parts.train), len(parts.validation)] == [60, 15]
    assert every_row(parts) == list(range(100))


def test_a_number_takes_that_many_of_the_source_s_test_split_by_class():
    fixed = {"test": np.arange(0, 100, 2)}
    parts = split(THREE_CLASSES, fixed, test=10)
    assert set(parts.test) < set(fixed["test"])
    assert np.bincount(THREE_CLASSES[parts.test]).tolist() == [5, 3, 2]
    assert not set(parts.train) & set(fixed["test"])


def test_three_fixed_splits_are_kept_as_they_are():
    order = np.random.default_rng(0).permutation(100)
    fixed = {
        "train": np.sort(order[:60]),
        "validation": np.sort(order[60:75]),
        "test": np.sort(order[75:]),
    }
    parts = split(THREE_CLASSES, fixed)
    for name, rows in fixed.items():
        assert np.array_equal(getattr(parts, name), rows)


def test_rows_that_a_source_gives_to_no_split_are_not_used():
    fixed = {"train": np.arange(0, 100, 2), "test": np.arange(1, 100, 4)}
    parts = split(THREE_CLASSES, fixed)
    assert every_row(parts) == sorted([*range(0, 100, 2), *range(1, 100, 4)])


def test_images_of_classes_that_were_not_chosen_are_in_no_split():
    labels = np.where(THREE_CLASSES == 1, -1, THREE_CLASSES // 2)
    parts = split(labels, {"test": np.arange(0, 100, 4)})
    assert (labels[every_row(parts)] >= 0).all()
    assert len(every_row(parts)) == 70


def test_folds_are_stratified_parts_of_everything():
    parts = [split(THREE_CLASSES, fold=fold, folds=5) for fold in range(5)]
    tests = np.concatenate([part.test for part in parts])
    assert sorted(tests.tolist()) == list(range(100))
    for part in parts:
        assert every_row(part) == list(range(100))
        assert np.bincount(THREE_CLASSES[part.test]).tolist() == [10, 6, 4]
        assert len(part.validation) == 20


def test_folds_divide_a_fixed_validation_split_too_but_leave_a_fixed_test_split_out():
    fixed = {
        "train": np.arange(60),
        "validation": np.arange(60, 80),
        "test": np.arange(80, 100),
    }
    labels = np.arange(100) % 2
    parts = [split(labels, fixed, fold=fold, folds=4) for fold in range(4)]
    assert sorted(np.concatenate([part.test for part in parts]).tolist()) == list(range(80))
    assert {row for part in parts for row in every_row(part)} == set(range(80))


@pytest.mark.parametrize(
    ("keys", "key", "numbers"),
    [
        ({"test": 101}, "test", ("101", "100")),
        ({"test": 20, "validation": 81}, "validation", ("81", "80")),
        ({"train": 61}, "train", ("61", "60", "100")),
        ({"train": 0.9}, "train", ("90", "60")),
        ({"validation": 80}, "validation", ("80", "20")),
        ({"train": 2}, "train", ("2", "20")),
    ],
)
def test_asking_for_more_than_there_is_names_the_key_and_the_numbers(keys, key, numbers):
    facts = Facts((8, 8, 1), ("a", "b", "c"), {"all": 100}, {"all": (50, 30, 20)})
    with pytest.raises(DataError) as late:
        split(THREE_CLASSES, **keys)
    with pytest.raises(DataError) as early:
        check_amounts(facts, spec(**keys), 0)
    for error in (late, early):
        assert error.value.key == key
        assert all(number in str(error.value) for number in numbers)


def test_a_class_without_training_images_is_named():
    labels = [0] * 50 + [1] * 50 + [2]
    with pytest.raises(DataError, match="'sheep'") as error:
        split_rows(
            np.array(labels, np.int32),
            {},
            spec(train=10),
            seed=0,
            fold=None,
            folds=0,
            classes=("cat", "dog", "sheep"),
        )
    assert error.value.key == "train"


def test_a_class_that_only_the_fixed_test_split_holds_is_named():
    with pytest.raises(DataError, match="class '2' is in the given test split only") as error:
        split([0, 1] * 10 + [2, 2], {"test": np.array([20, 21])})
    assert error.value.key == "source"


def test_too_few_images_for_three_splits_are_the_source_s_fault():
    with pytest.raises(DataError, match="2 images are too few to draw 3 splits from") as error:
        split([0, 1])
    assert error.value.key == "source"


@given(
    st.integers(10, 399),
    st.sampled_from([(0.5, 0.2, 0.3), (0.6, 0.2, 0.2), (0.7, 0.15, 0.15), (0.8, 0.1, 0.1)]),
)
def test_fractions_that_add_up_to_1_are_met_whatever_they_round_to(images, fractions):
    train, validation, test = fractions
    parts = split(np.arange(images) % 2, train=train, validation=validation, test=test)
    assert len(every_row(parts)) == len(set(every_row(parts)))
    for rows, fraction in zip((parts.train, parts.validation, parts.test), fractions, strict=True):
        assert abs(len(rows) - fraction * images) <= 1.5


def test_fractions_that_exceed_1_are_refused_even_by_one_image():
    with pytest.raises(DataError, match="train asks for 6 images"):
        split(np.arange(10) % 2, train=0.6, validation=0.2, test=0.3)


def test_where_images_are_few_the_seed_draws_which_classes_are_tested():
    labels = np.repeat(np.arange(5), 2)
    tested = [set(labels[split(labels, seed=seed).test]) for seed in range(40)]
    assert all(len(classes) == 2 for classes in tested)
    shares = np.mean([[index in classes for index in range(5)] for classes in tested], axis=0)
    assert (np.abs(shares - 2 / 5) < 0.25).all()


def test_validation_and_training_images_that_are_over_are_drawn_too():
    labels = np.repeat(np.arange(4), 5)
    parts = [split(labels, seed=seed, train=6, validation=2) for seed in range(40)]
    for name, most in (("validation", 1), ("train", 2)):
        drawn = np.array([np.bincount(labels[getattr(x, name)], minlength=4) for x in parts])
        assert drawn.max() == most
        assert (np.ptp(drawn, axis=0) == 1).all(), "each class is among them at times"


def test_folds_deal_out_their_remainders_by_the_seed():
    labels = np.repeat(np.arange(3), [4, 4, 4])
    first = {
        tuple(np.bincount(labels[split(labels, seed=seed, fold=0, folds=3).test], minlength=3))
        for seed in range(30)
    }
    assert len(first) == 3, "each class has two images in the first part at times"


def test_of_equal_claims_none_takes_a_class_s_last_image_for_training():
    labels = np.repeat([0, 1], [1, 5])
    for seed in range(20):
        assert 0 in labels[split(labels, seed=seed, test=3, validation=1).train]


def test_unequal_classes_with_equal_claims_take_turns():
    labels = np.repeat([0, 1], [5, 15])
    drawn = {int((labels[split(labels, seed=seed, test=6).test] == 0).sum()) for seed in range(30)}
    assert drawn == {1, 2}


def test_a_given_test_split_without_the_chosen_classes_is_drawn_instead():
    labels, fixed = [0] * 10 + [1] * 10 + [-1] * 5, {"test": np.arange(20, 25)}
    parts = split(labels, fixed, test=4)
    assert len(parts.test) == 4
    assert set(parts.test) <= set(range(20))
    facts = Facts(
        (8, 8, 1),
        ("cat", "dog", "unknown"),
        {"train": 20, "test": 5},
        {"train": (10, 10, 0), "test": (0, 0, 5)},
    )
    chosen = spec(classes=("cat", "dog"))
    assert amount_errors(facts, chosen, 0) == []
    assert split_notes(facts, chosen, 0) == (
        "The given test split holds no image of the chosen classes: a test split is drawn instead.",
    )


@pytest.mark.parametrize(("folds", "keys"), [(1, {}), (101, {}), (5, {"test": 0.2})])
def test_impossible_folds_are_refused(folds, keys):
    with pytest.raises(DataError, match="folds"):
        split(THREE_CLASSES, fold=0, folds=folds, **keys)


@st.composite
def requests(draw):
    """Class counts, a fixed test split, and amounts that may or may not be there."""
    counts = draw(st.lists(st.integers(1, 40), min_size=2, max_size=6))
    labels = np.repeat(np.arange(len(counts)), counts)
    rows = draw(st.lists(st.integers(0, len(labels) - 1), unique=True, max_size=10))
    amount = st.one_of(st.none(), st.integers(1, 60), st.floats(0.01, 0.99))
    keys = {key: draw(amount) for key in ("train", "validation", "test")}
    fixed = {"test": np.sort(np.array(rows, np.int64))} if rows else {}
    folds = 0 if keys["test"] else draw(st.sampled_from([0, 2, 3, 5]))
    return labels, fixed, keys, folds, draw(st.integers(0, 2**63 - 1))


@pytest.mark.slow
@given(requests())
@settings(max_examples=300, deadline=None)
def test_splits_are_disjoint_exact_and_stratified_or_refused_early(request):  # noqa: C901
    labels, fixed, keys, folds, seed = request
    in_test = np.isin(np.arange(len(labels)), fixed.get("test", []))
    classes = int(labels.max()) + 1
    per_class = {"train": tuple(np.bincount(labels[~in_test], minlength=classes).tolist())}
    if fixed:
        per_class["test"] = tuple(np.bincount(labels[in_test], minlength=classes).tolist())
    facts = Facts(
        (8, 8, 1),
        tuple(str(index) for index in range(classes)),
        {name: sum(counts) for name, counts in per_class.items()},
        per_class,
    )

    def draw(seed):
        every = range(folds) if folds else [None]
        return [split(labels, fixed, seed=seed, fold=fold, folds=folds, **keys) for fold in every]

    def draw_all():
        return [draw(looked_at) for looked_at in DRAWS]

    try:
        check_amounts(facts, spec(**keys), folds)
    except DataError:
        with pytest.raises(DataError):
            draw_all()
        return
    for parts in draw(seed):
        used = every_row(parts)
        assert len(used) == len(set(used))
        assert set(labels[parts.train]) == set(range(classes))
        for name, asked in keys.items():
            rows = getattr(parts, name)
            assert rows.dtype == np.int64
            assert (np.diff(rows) > 0).all()
            if isinstance(asked, int):
                assert len(rows) == asked
        if fixed and not folds:
            assert set(parts.test) <= set(fixed["test"])
        open_counts = np.array(per_class["train"])
        drawn = np.bincount(labels[parts.test], minlength=classes)
        if folds:
            assert (np.abs(drawn - open_counts / folds) < 1).all()
        elif not fixed:
            quota = len(parts.test) * open_counts / open_counts.sum()
            assert (np.abs(drawn - quota) < 1).all()
