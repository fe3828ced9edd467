"""Synthetic scenes: any number and size, the same every time, told apart by colour, but not all."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from cnnbench.plugin import DataError, Request
from cnnbench_scenes import Scenes


def load(argument="", size=None):
    return Scenes().load(Request(argument, size))


def test_five_classes_take_turns():
    data = load("12")
    assert data.classes == ("cloudy", "foggy", "rainy", "shine", "sunrise")
    assert np.bincount(data.labels).tolist() == [3, 3, 2, 2, 2]


def test_they_are_said_to_be_synthetic():
    assert Scenes().synthetic
    assert "synthetic" in load("5").notes[0]


def test_500_of_64_pixels_unless_asked_otherwise():
    facts = Scenes().facts(Request())
    assert (facts.shape, facts.count["all"]) == ((64, 64, 3), 500)
    assert load("5", (150, 100)).images.shape == (5, 150, 100, 3)


def test_the_same_is_drawn_every_time_whatever_the_number():
    np.testing.assert_array_equal(load("20").images[:10], load("10").images)


def test_no_two_images_are_equal():
    images = load("50", (16, 16)).images
    assert len({image.tobytes() for image in images}) == 50


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 200), (200, 5)])
def test_any_size_can_be_drawn(size):
    assert load("5", size).images.shape == (5, *size, 3)


def test_the_sky_tells_some_of_the_weather_but_not_all():
    data = load("400", (32, 32))
    sky = data.images[:, :12].reshape(400, 12 * 32, 3) / 255
    features = np.concatenate([sky.mean(axis=1), sky.std(axis=1)], axis=1)
    model = LogisticRegression(max_iter=2000).fit(features[:300], data.labels[:300])
    assert 0.5 < model.score(features[300:], data.labels[300:]) < 0.97


@pytest.mark.parametrize("count", ["abc", "4", "0", "-5", "1e3", "100001", "1.5"])
def test_an_impossible_number_is_refused(count):
    with pytest.raises(DataError, match="whole number from 5 to 100000"):
        Scenes().facts(Request(count))
