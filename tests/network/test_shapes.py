import pytest

from cnnbench.errors import NetworkError
from cnnbench.network.architectures import build_network
from cnnbench.network.layers import (
    Conv,
    Dense,
    Flatten,
    GlobalAveragePool,
    Pool,
    Window,
    padding_of,
)
from cnnbench.network.network import Network
from cnnbench.network.shapes import layer_shapes
from cnnbench.network.spec import NetworkSpec

DIGIT = (28, 28, 1)


def shapes_of(*layers, input_shape=DIGIT):
    return layer_shapes(Network(input_shape=input_shape, layers=layers, classes=2))


def sides(spec, input_shape=DIGIT):
    shapes = layer_shapes(build_network(spec, input_shape, 10))
    return [shape[0] for shape in shapes if len(shape) == 3]


def test_the_maps_of_the_mnist_convnet():
    assert sides(NetworkSpec()) == [26, 13, 11, 5, 3]


def test_same_padding_keeps_the_size_between_poolings():
    assert sides(NetworkSpec(padding="same")) == [28, 14, 14, 7, 7]


def test_without_pooling_30976_values_remain():
    shapes = layer_shapes(build_network(NetworkSpec(downsampling="none"), DIGIT, 10))
    assert shapes[2] == (22, 22, 64)
    assert shapes[3] == (30_976,)


def test_a_photo_of_160_pixels_flattens_to_25600_values():
    spec = NetworkSpec(filters=(16, 32, 64), padding="same", final_pool=True)
    assert (25_600,) in layer_shapes(build_network(spec, (160, 160, 3), 2))


@pytest.mark.parametrize(
    ("side", "stride", "padding", "expected"),
    [
        (7, 2, "valid", 3),
        (8, 2, "valid", 3),
        (7, 2, "same", 4),
        (8, 3, "same", 3),
        (8, 3, "valid", 2),
    ],
)
def test_strides_round_down_when_valid_and_up_when_same(side, stride, padding, expected):
    conv = Conv(filters=5, stride=(stride, 1), padding=padding)
    [shape] = shapes_of(conv, input_shape=(side, 9, 3))
    assert shape == (expected, 7 if padding == "valid" else 9, 5)


@pytest.mark.parametrize(
    ("size", "window", "stride", "expected"),
    [
        (7, 3, 1, (1, 1)),
        (7, 2, 1, (0, 1)),
        (8, 3, 2, (0, 1)),
        (7, 3, 2, (1, 1)),
        (8, 4, 1, (1, 2)),
        (9, 2, 3, (0, 0)),
    ],
)
def test_same_padding_puts_the_odd_pixel_after(size, window, stride, expected):
    assert padding_of(size, window, stride, "same") == expected
    assert padding_of(size, window, stride, "valid") == (0, 0)


def test_pooling_may_overlap():
    assert shapes_of(Pool(size=(3, 3), stride=(2, 2)), input_shape=(9, 9, 4)) == ((4, 4, 4),)


def test_global_average_pooling_leaves_a_value_a_channel():
    assert shapes_of(Conv(filters=6), GlobalAveragePool())[-1] == (6,)


@pytest.mark.parametrize(
    ("layers", "key", "words"),
    [
        ((Conv(filters=1, kernel=(29, 3)),), "kernel", ("conv_1", "29x3", "28x28x1")),
        ((Pool(size=(2, 30)),), "pool", ("pool_1", "2x30", "28x28x1")),
        ((Flatten(), Conv(filters=1)), "layers", ("conv_1", "flat", "784 values")),
        ((Flatten(), Pool()), "layers", ("pool_1", "flat")),
        ((Flatten(), GlobalAveragePool()), "layers", ("global_average_pool_1", "flat")),
        ((Dense(units=3),), "layers", ("dense_1", "28x28x1", "flatten")),
    ],
)
def test_a_layer_that_cannot_take_its_input_is_named_with_its_input(layers, key, words):
    with pytest.raises(NetworkError) as caught:
        shapes_of(*layers)
    assert caught.value.key == key
    assert all(word in str(caught.value) for word in words)


def test_a_window_tells_its_padding_on_each_side():
    # 8 rows in steps of 2 by 3: (4 - 1) * 2 + 3 - 8 = 1 row to add, below; columns alike with 7: 2.
    window = Conv(filters=1, stride=(2, 2), padding="same").window((8, 7, 3))
    assert (window.size, window.stride) == ((3, 3), (2, 2))
    assert (window.before, window.after) == ((0, 1), (1, 1))
    assert Pool().window((8, 7, 3)) == Window((2, 2), (2, 2), (0, 0), (0, 0))
