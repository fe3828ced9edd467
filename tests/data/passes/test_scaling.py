import numpy as np
import pytest

from cnnbench.data.passes.scaling import SCALINGS, InputScaling

WHITE = np.full((2, 3, 4, 3), 255, np.uint8)
RED = np.array([255, 0, 0], np.uint8).reshape(1, 1, 1, 3)


def test_keras_goes_from_minus_one_to_one():
    assert np.all(SCALINGS["keras"].apply(WHITE) == 1)
    assert np.all(SCALINGS["keras"].apply(np.zeros_like(WHITE)) == -1)


def test_caffe_takes_blue_first_and_divides_by_nothing():
    scaled = SCALINGS["caffe"].apply(RED)
    assert np.allclose(scaled, [-103.939, -116.779, 255 - 123.68])


def test_none_leaves_values_as_they_are():
    assert np.array_equal(SCALINGS["none"].apply(WHITE), WHITE)


@pytest.mark.parametrize("channels", [1, 3])
def test_one_number_does_for_any_number_of_channels(channels):
    scaled = InputScaling((127.0,), (128.0,)).apply(np.full((1, 2, 2, channels), 255, np.uint8))
    assert scaled.dtype == np.float32
    assert np.all(scaled == 1)


def test_the_images_stay_as_they_were():
    images = WHITE.copy()
    SCALINGS["torch"].apply(images)
    assert np.array_equal(images, WHITE)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"mean": ()}, "no tuple of finite numbers"),
        ({"mean": 127.5}, "no tuple of finite numbers"),
        ({"deviation": (1.0, float("nan"), 1.0)}, "no tuple of finite numbers"),
        ({"deviation": (0.0,)}, "above 0"),
        ({"order": "grb"}, "'rgb' or 'bgr', not 'grb'"),
    ],
)
def test_what_is_no_scaling_is_refused_where_it_is_written(values, said):
    with pytest.raises(ValueError, match=said):
        InputScaling(**values)
