"""The picture of a recipe's images."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from cnnbench.planning.preview import ClassSample, Draws, Preview, Sampled
from cnnbench.report.pictures.look import MOST_CLASSES, look


def sample(name, *counts, shape=(8, 8, 1)):
    return ClassSample(name, counts, np.zeros((min(sum(counts), 9), *shape), np.uint8))


def seen(classes, draws=(), splits=("all",)):
    sampled = Sampled("folder:photos", "9 images of 8x8x1 in 2 classes: a 6, b 3", splits, classes)
    recipe = SimpleNamespace(title="What helps?", variants=())
    return Preview(recipe, (), (), (sampled,), draws)


def drawn(name, row=0):
    originals = np.full((4, 8, 8, 1), row, np.uint8)
    pixels = np.zeros((3, 4, 8, 8, 1), np.float32)
    return Draws((name,), "rotation 0.1", np.arange(row, row + 4), originals, pixels)


def texts(preview):
    svg = look(preview).content("svg").decode()
    return [text.strip() for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def test_names_and_counts_stand_in_it():
    found = texts(seen((sample("cat", 1234), sample("dog", 7))))
    assert found[:6] == [
        "folder:photos",
        "9 images of 8x8x1 in 2 classes",
        "cat",
        "1,234",
        "dog",
        "7",
    ]
    assert "No variant augments its images: training sees them as they are." in found


def test_given_splits_have_counts_of_their_own():
    found = texts(seen((sample("cat", 20, 5),), splits=("train", "test")))
    assert {"20 + 5", "9 images of 8x8x1 in 2 classes (train + test)"} <= {*found}


@pytest.mark.slow
def test_classes_beyond_the_most_are_counted():
    found = texts(seen(tuple(sample(f"class {k}", 2) for k in range(MOST_CLASSES + 3))))
    assert "and 3 more classes" in found
    assert f"class {MOST_CLASSES}" not in found


@pytest.mark.slow
def test_variants_stand_with_their_settings_below_their_images():
    draws = (drawn("turned", 0), drawn("other", 50), drawn("again", 0))
    found = texts(seen((sample("cat", 2),), draws))
    names = [text for text in found if text in {"turned", "other", "again"}]
    assert names == ["turned", "again", "other"]
    assert found.count("rotation 0.1") == 3
    assert look(seen((sample("cat", 2),), draws)).content("svg").count(b"<image") == 2 + 8 + 36


def test_names_of_others_cannot_spoil_it():
    found = texts(seen((sample("$x^2$\x1b[2J <b>", 2), sample("n" * 90, 1))))
    assert any("$x^2$" in text for text in found)
    assert not any("n" * 30 in text for text in found)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_it_has_the_same_bytes_each_time(kind):
    preview = seen((sample("cat", 2),), (drawn("turned"),))
    assert look(preview).content(kind) == look(preview).content(kind)


def test_tall_and_wide_images_leave_the_picture_of_bounded_height():
    classes = tuple(sample(name, 9, shape=(400, 4, 3)) for name in "ab")
    assert look(seen(classes)).figure().get_figheight() < 4
    classes = tuple(sample(name, 9, shape=(1, 400, 3)) for name in "ab")
    assert look(seen(classes)).figure().get_figheight() > 1
