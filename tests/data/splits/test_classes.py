"""Names of classes."""

import pytest

from cnnbench.data.splits.classes import check_classes, sort_classes
from cnnbench.errors import DataError


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"10", "9", "0"}, ("0", "9", "10")),
        ({"b", "a", "10"}, ("10", "a", "b")),
        ({"-1", "1"}, ("-1", "1")),
        ({"rose", "Daisy"}, ("Daisy", "rose")),
    ],
)
def test_numbers_are_sorted_as_numbers_and_names_as_text(names, expected):
    assert sort_classes(names) == expected


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        (("a", "a"), "class 'a' is named more than once"),
        (("a",), "at least two classes are needed to tell apart, but got 'a'"),
        ((), "at least two classes are needed to tell apart, but got none"),
        (("a", "xyz"), "the source has no class 'xyz'; it has a, b"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(chosen, sentence):
    with pytest.raises(DataError) as error:
        check_classes(("a", "b"), chosen)
    assert str(error.value) == sentence
    assert error.value.key == "classes"
