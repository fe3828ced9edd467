"""What is asked of a source, held against its images before any is decoded."""

from dataclasses import replace

import numpy as np
import pytest

from cnnbench.data.sources.cache import CachedImages
from cnnbench.data.sources.source import Facts
from cnnbench.data.splits.feasibility import amount_errors, facts_of, lots_decide, split_notes
from cnnbench.errors import DataError

from .conftest import check_amounts, spec


def test_a_class_spelt_otherwise_in_the_fixed_test_split_is_named_with_its_double():
    facts = Facts(
        (8, 8, 1),
        ("Cat", "cat", "dog"),
        {"train": 20, "test": 10},
        {"train": (10, 0, 10), "test": (0, 5, 5)},
    )
    with pytest.raises(DataError, match=r"class 'cat' is in .* \('Cat' is another class\)"):
        check_amounts(facts, spec(), 0)


def test_every_amount_that_can_not_be_met_is_told():
    facts = Facts((8, 8, 1), ("a", "b"), {"all": 100}, {"all": (50, 50)})
    errors = amount_errors(facts, spec(train=900, validation=901, test=902), 0)
    assert [error.key for error in errors] == ["test", "validation", "train"]
    assert all("there are only 100" in str(error) for error in errors)


def test_wrong_classes_and_folds_hide_no_wrong_amount():
    facts = Facts((8, 8, 1), ("a", "b"), {"all": 100}, {"all": (50, 50)})
    errors = amount_errors(facts, spec(classes=("a", "x"), train=101), 1)
    assert [error.key for error in errors] == ["classes", "", "train"]


def test_a_given_test_split_that_folds_leave_unused_is_noted():
    counts = {"train": (50, 50), "test": (5, 5)}
    facts = Facts((8, 8, 1), ("a", "b"), {"train": 100, "test": 10}, counts)
    assert split_notes(facts, spec(), 0) == ()
    assert split_notes(facts, spec(), 5) == (
        "The given test split is not used: folds are tested on parts of the others.",
    )


def test_classes_that_a_split_will_lack_are_noted():
    facts = Facts((8, 8, 1), ("a", "b", "c"), {"all": 52}, {"all": (50, 1, 1)})
    assert split_notes(facts, spec(), 0) == (
        "The validation split holds no image of: b, c.",
        "The test split holds no image of: b, c.",
    )
    assert split_notes(facts, spec(classes=("a", "b")), 0)[0].endswith("no image of: b.")
    even = Facts((8, 8, 1), ("a", "b"), {"all": 100}, {"all": (50, 50)})
    assert split_notes(even, spec(), 0) == ()
    few = Facts((8, 8, 1), ("a", "b"), {"all": 54}, {"all": (50, 4)})
    assert split_notes(few, spec(validation=20), 5) == (
        "A fold's test split holds no image of: b.",
    )


def test_once_decoded_the_images_that_could_be_read_count():
    def cached(fixed):
        return CachedImages(
            np.zeros((6, 8, 9, 1), np.uint8),
            np.array([0, 0, 0, 1, 1, 0], np.int32),
            ("a", "b"),
            fixed,
            (),
            "",
            synthetic=False,
        )

    whole = facts_of(cached({}))
    assert (whole.shape, whole.count) == ((8, 9, 1), {"all": 6})
    assert whole.class_count == {"all": (4, 2)}
    parts = facts_of(cached({"test": np.array([4, 5])}))
    assert parts.class_count == {"train": (3, 1), "test": (1, 1)}
    stated = facts_of(cached({"train": np.array([0, 3]), "test": np.array([4, 5])}))
    assert stated.class_count == {"train": (1, 1), "test": (1, 1)}


def test_the_notes_name_classes_that_are_tested_in_some_replicates_only():
    names = ("ant", "bee", "cat", "dog", "emu")
    facts = Facts((8, 8, 1), names, {"all": 10}, {"all": (2,) * 5})
    assert split_notes(facts, spec(), 0)[1] == (
        "The test split holds images of some of these classes only, drawn anew for each "
        "replicate: ant, bee, cat, dog, emu."
    )


def test_lots_decide_only_where_claims_are_equal():
    facts = Facts((8, 8, 1), ("a", "b"), {"all": 20}, {"all": (10, 10)})
    assert not lots_decide(facts, spec(), 0)
    assert lots_decide(facts, spec(test=3), 0)
    assert lots_decide(facts, spec(validation=4), 3)
    assert not lots_decide(facts, spec(validation=2), 5)


def test_classes_are_checked_before_anything_is_decoded():
    facts = Facts((8, 8, 1), ("cat", "dog", "cow"), {"all": 30}, {"all": (10, 10, 10)})
    with pytest.raises(DataError, match="did you mean 'dog'") as error:
        check_amounts(facts, spec(classes=("cat", "Dogs")), 0)
    assert error.value.key == "classes"
    with pytest.raises(DataError, match="at least two classes"):
        check_amounts(facts, spec(classes=("cat",)), 0)
    with pytest.raises(DataError, match=r"train asks for 15 .*remain.* 12"):
        check_amounts(facts, spec(classes=("cat", "dog"), train=15), 0)
    check_amounts(facts, spec(classes=("cat", "dog"), train=12), 0)


def test_totals_are_checked_where_classes_are_not_counted():
    facts = Facts((8, 8, 1), ("cat", "dog"), {"train": 60_000, "test": 10_000})
    check_amounts(facts, spec(train=50_000, validation=10_000), 0)
    check_amounts(facts, spec(), 5)
    with pytest.raises(DataError, match="50,001"):
        check_amounts(facts, spec(train=50_001, validation=10_000), 0)
    with pytest.raises(DataError, match="own test split holds only 10,000"):
        check_amounts(facts, spec(test=10_001), 0)


def test_a_class_for_each_image_is_taken_for_ids():
    facts = Facts((8, 8, 1), tuple("abcdefgh"), {"all": 8}, {"all": (1,) * 8})
    (error,) = amount_errors(facts, spec(), 0)
    assert "as if the labels were an id for each image" in str(error)


def test_images_that_would_fill_the_memory_are_refused():
    facts = Facts((4096, 4096, 1), ("a", "b"), {"all": 1797}, {"all": (900, 897)})
    (error,) = amount_errors(facts, spec(image_size=(4096, 4096)), 0)
    assert error.key == "image_size"
    assert "1,797 images of 4,096 x 4,096 pixels take 28.1 GiB when decoded" in str(error)


def test_what_is_asked_of_signals_is_told_of_signals():
    facts = Facts((40, 1, 1), ("a", "b"), {"all": 60}, {"all": (30, 30)}, signals=True)
    (error,) = amount_errors(facts, spec(train=100, validation=6, test=12), 0)
    assert str(error).startswith("train asks for 100 signals, but of 60 there remain")
    assert error.key == "train"
    given = replace(
        facts, count={"train": 50, "test": 5}, class_count={"train": (25, 25), "test": (5, 0)}
    )
    assert split_notes(given, spec(), 0) == ("The test split holds no signal of: b.",)
