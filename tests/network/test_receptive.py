import numpy as np
import pytest

from cnnbench.network.architectures import build_network
from cnnbench.network.layers import Conv, Dense, Flatten, GlobalAveragePool, Pool
from cnnbench.network.network import Network
from cnnbench.network.receptive import Receptive, receptive_fields
from cnnbench.network.spec import NetworkSpec


def fields_of(*layers):
    return receptive_fields(Network(input_shape=(28, 24, 1), layers=layers, classes=2))


def test_without_pooling_a_third_layer_unit_sees_7x7():
    network = build_network(NetworkSpec(downsampling="none"), (28, 28, 1), 10)
    assert receptive_fields(network)[2] == Receptive((7, 7), (1, 1))


def test_pooling_widens_the_view():
    network = build_network(NetworkSpec(), (28, 28, 1), 10)
    assert [field.size[0] for field in receptive_fields(network)[:5]] == [3, 4, 8, 10, 18]
    assert receptive_fields(network)[4].stride == (4, 4)


def test_axes_are_counted_apart():
    [first, second] = fields_of(
        Conv(filters=1, kernel=(5, 3), stride=(1, 2)), Pool(size=(2, 3), stride=(1, 2))
    )
    assert first == Receptive((5, 3), (1, 2))
    assert second == Receptive((6, 7), (1, 4))


def test_flattening_moves_values_but_does_not_widen_their_view():
    assert fields_of(Conv(filters=1), Flatten())[1] == Receptive((3, 3), (1, 1))


@pytest.mark.parametrize("last", [(GlobalAveragePool(),), (Flatten(), Dense(units=2))])
def test_global_pooling_and_dense_layers_see_the_whole_image(last):
    assert fields_of(Conv(filters=1), *last)[-1] == Receptive((28, 24), None)


def test_the_field_spans_the_pixels_that_reach_a_unit():
    # Walked back from the unit at (1, 1), window by window.
    layers = (Conv(filters=1, kernel=(3, 2), stride=(2, 1)), Pool(size=(2, 3)), Conv(filters=1))
    reached = np.zeros((28, 24), bool)
    rows, columns = {1}, {1}
    for layer in reversed(layers):
        window = layer.kernel if isinstance(layer, Conv) else layer.size
        stride = layer.stride if isinstance(layer, Conv) else layer.strides
        rows = {row * stride[0] + i for row in rows for i in range(window[0])}
        columns = {column * stride[1] + i for column in columns for i in range(window[1])}
    reached[np.ix_(sorted(rows), sorted(columns))] = True
    assert fields_of(*layers)[-1].size == (reached.any(axis=1).sum(), reached.any(axis=0).sum())
