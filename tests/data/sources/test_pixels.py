"""Bringing arrays to a size and colour."""

import numpy as np
import pytest
from PIL import Image

from cnnbench.data.sources.pixels import conform, conform_shape
from cnnbench.data.sources.source import Request


def random_images(*shape):
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def test_what_is_right_already_is_not_copied():
    images = random_images(3, 8, 8, 1)
    assert conform(images, Request()) is images
    assert conform(images, Request(image_size=(8, 8), color="grey")) is images


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("color", ["auto", "grey", "rgb"])
@pytest.mark.parametrize("size", [None, (5, 9), (16, 12)])
def test_the_shape_is_known_beforehand(channels, color, size):
    request = Request(image_size=size, color=color)
    images = conform(random_images(2, 8, 10, channels), request)
    assert images.shape[1:] == conform_shape((8, 10, channels), request)
    assert images.dtype == np.uint8


def test_grey_agrees_with_pillow_to_one_level():
    images = random_images(1, 20, 20, 3)
    expected = np.asarray(Image.fromarray(images[0]).convert("L"))
    result = conform(images, Request(color="grey"))[0, ..., 0]
    assert np.abs(result.astype(int) - expected).max() <= 1


def test_rgb_of_grey_repeats_it():
    images = random_images(1, 4, 4, 1)
    assert (conform(images, Request(color="rgb")) == images).all()


def test_opacity_is_laid_over_white():
    images = np.array([[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]], np.uint8)
    result = conform(images.reshape(3, 1, 1, 4), Request()).reshape(3, 3)
    assert result.tolist() == [[200, 100, 0], [255, 255, 255], [244, 224, 204]]


def test_shrinking_averages():
    image = np.array([[0, 100], [100, 200]], np.uint8).reshape(1, 2, 2, 1)
    assert conform(image, Request(image_size=(1, 1))).item() == 100
