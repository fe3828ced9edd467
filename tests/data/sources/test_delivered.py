"""What a source delivers is checked against what it promised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cnnbench.data.sources.delivered import checked_facts, checked_images
from cnnbench.data.sources.source import Facts, ImageData
from cnnbench.errors import DataError

FACTS = Facts((8, 8, 1), ("a", "b"), {"all": 3})
IMAGES = ImageData(
    np.zeros((3, 8, 8, 1), np.uint8), np.array([0, 1, 1], np.int32), ("a", "b"), notes=("Drawn.",)
)

WRONG_IMAGES = {
    "nothing": (None, "gave a value of type NoneType in place of ImageData"),
    "another size": (
        replace(IMAGES, images=np.zeros((3, 6, 8, 1), np.uint8)),
        r"gave images as uint8 of shape \(3, 6, 8, 1\), while its facts say \(n, 8, 8, 1\)",
    ),
    "no channels": (
        replace(IMAGES, images=np.zeros((3, 8, 8), np.uint8)),
        r"gave images as uint8 of shape \(3, 8, 8\), while its facts say \(n, 8, 8, 1\)",
    ),
    "floats": (
        replace(IMAGES, images=np.full((3, 8, 8, 1), 765.0)),
        r"gave images as float64 of shape \(3, 8, 8, 1\), not as uint8 from 0 to 255",
    ),
    "a list": (
        replace(IMAGES, images=[[0]]),
        "gave images as a value of type list, not as uint8 from 0 to 255",
    ),
    "a label too many": (
        replace(IMAGES, labels=np.zeros(4, np.int32)),
        "gave 3 images, but 4 labels",
    ),
    "a label beyond the classes": (
        replace(IMAGES, labels=np.array([0, 1, 2], np.int32)),
        "gave labels of 2 classes that run from 0 to 2",
    ),
    "a negative label": (
        replace(IMAGES, labels=np.array([0, -1, 1], np.int32)),
        "gave labels of 2 classes that run from -1 to 1",
    ),
    "labels as floats": (
        replace(IMAGES, labels=np.zeros(3)),
        r"gave labels as float64 of shape \(3,\), not as integers of shape \(n,\)",
    ),
    "one-hot labels": (
        replace(IMAGES, labels=np.zeros((3, 2), np.int32)),
        r"gave labels as int32 of shape \(3, 2\), not as integers of shape \(n,\)",
    ),
    "other classes": (
        replace(IMAGES, classes=("b", "a")),
        r"gave the classes \('b', 'a'\), while its facts say \('a', 'b'\)",
    ),
    "an unknown split": (
        replace(IMAGES, fixed={"exam": np.array([0])}),
        "fixes splits other than train, validation, test",
    ),
    "a row beyond the images": (
        replace(IMAGES, fixed={"test": np.array([1, 3])}),
        "gave rows of test among 3 images that run from 1 to 3",
    ),
    "one note that is a text": (
        replace(IMAGES, notes="Drawn."),
        "gave the notes 'Drawn.', not a tuple of sentences",
    ),
}

WRONG_FACTS = {
    "nothing": (None, "gave a value of type NoneType in place of Facts"),
    "no channels": (
        replace(FACTS, shape=(8, 8)),
        r"has facts whose shape is \(8, 8\), not \(height, width, channels\)",
    ),
    "no height": (
        replace(FACTS, shape=(0, 8, 1)),
        r"has facts whose shape is \(0, 8, 1\), not \(height, width, channels\)",
    ),
    "one class twice": (
        replace(FACTS, classes=("a", "a")),
        r"has facts whose classes are \('a', 'a'\), not distinct texts",
    ),
    "numbers as classes": (
        replace(FACTS, classes=(0, 1)),
        r"has facts whose classes are \(0, 1\), not distinct texts",
    ),
    "a plain count": (replace(FACTS, count=3), "has facts whose count is 3, neither images"),
    "an unknown split": (
        replace(FACTS, count={"exam": 3}),
        "has facts whose count is {'exam': 3}, neither images",
    ),
    "fewer than none": (
        replace(FACTS, count={"all": -1}),
        "has facts whose count is {'all': -1}, neither images",
    ),
}


@pytest.mark.parametrize("case", WRONG_IMAGES)
def test_images_that_break_the_promise_are_refused_with_what_was_promised(case):
    data, reason = WRONG_IMAGES[case]
    with pytest.raises(DataError, match=f"^source x {reason}.*; that is for its author to mend$"):
        checked_images(data, FACTS, "source x")


@pytest.mark.parametrize("case", WRONG_FACTS)
def test_facts_that_can_be_no_sources_are_refused(case):
    facts, reason = WRONG_FACTS[case]
    with pytest.raises(DataError, match=f"^source x {reason}.*; that is for its author to mend$"):
        checked_facts(facts, "source x")


def test_what_is_as_promised_passes_with_its_integers_as_the_core_wants_them():
    assert checked_facts(FACTS, "source x") is FACTS
    given = replace(
        IMAGES, labels=np.array([0, 1, 1], np.uint8), fixed={"test": np.array([2], np.int16)}
    )
    taken = checked_images(given, FACTS, "source x")
    assert taken.images is given.images
    assert (taken.labels.dtype, taken.labels.tolist()) == (np.int32, [0, 1, 1])
    assert (taken.fixed["test"].dtype, taken.fixed["test"].tolist()) == (np.int64, [2])
    assert taken.notes == ("Drawn.",)
