"""The filters of a first convolution, in the order and the colours that people expect."""

import numpy as np

from cnnbench.network.layers import Conv, Dense, DepthwiseConv, Flatten, Rescaling
from cnnbench.network.network import Network
from cnnbench.network.weights import initial_weights
from cnnbench.winner.explanation.filters import first_filters
from cnnbench.winner.explanation.subject import Subject
from cnnbench.winner.preprocessing import Preprocessing, Standard


def subject(*layers, channels=3, order="rgb", **arrays):
    top = (Flatten(), Dense(units=2, activation="linear"))
    net = Network(input_shape=(8, 8, channels), layers=(*layers, *top), classes=2)
    scaling = Standard(mean=(0.0,), deviation=(1.0,), order=order)
    color = "grey" if channels == 1 else "rgb"
    prepared = Preprocessing(height=8, width=8, color=color, scaling=scaling)
    weights = {**initial_weights(net, 0), **{k.replace("_of_", "/"): x for k, x in arrays.items()}}
    return Subject("", net, weights, ("a", "b"), prepared)


KERNEL = np.zeros((1, 1, 3, 2), np.float32)
KERNEL[0, 0, :, 0] = 0.1, 0.2, 0.3
KERNEL[0, 0, :, 1] = -1.0, 0.0, 2.0


def test_the_strongest_stand_first_and_blue_first_arrays_are_turned_to_rgb():
    conv = Conv(name="first", filters=2, kernel=(1, 1))
    found = first_filters(subject(Rescaling(scale=0.5), conv, first_of_kernel=KERNEL))
    assert found.layer == "first"
    np.testing.assert_allclose(found.kernels[:, 0, 0], [[-1, 0, 2], [0.1, 0.2, 0.3]])
    turned = first_filters(subject(conv, order="bgr", first_of_kernel=KERNEL))
    np.testing.assert_allclose(turned.kernels[:, 0, 0], [[2, 0, -1], [0.3, 0.2, 0.1]])


def test_what_is_no_colour_is_one_channel():
    grey = first_filters(subject(Conv(filters=2), channels=1))
    assert (grey.kernels.shape, grey.averaged) == ((2, 3, 3, 1), 1)
    several = first_filters(subject(Conv(filters=2), channels=4))
    assert (several.kernels.shape, several.averaged) == ((2, 3, 3, 1), 4)


def test_a_convolution_of_maps_is_no_first_one():
    assert first_filters(subject(DepthwiseConv(), Conv(filters=2))) is None
    assert first_filters(subject()) is None
