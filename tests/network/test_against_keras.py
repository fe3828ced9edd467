"""Shapes and parameter counts of random networks against the framework that defined the layers."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnnbench.errors import NetworkError
from cnnbench.network.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Pool,
)
from cnnbench.network.network import Network
from cnnbench.network.shapes import layer_shapes
from cnnbench.network.summary import summarize

with pytest.MonkeyPatch.context() as environment:
    # Not for longer: processes that other tests start would inherit it.
    environment.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "torch"))
    keras = pytest.importorskip("keras")

PLAIN = {
    BatchNorm: keras.layers.BatchNormalization,
    Flatten: keras.layers.Flatten,
    GlobalAveragePool: keras.layers.GlobalAveragePooling2D,
}

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
paddings = st.sampled_from(["valid", "same"])
map_layers = st.one_of(
    st.builds(Conv, filters=st.integers(1, 3), kernel=pairs, stride=pairs, padding=paddings),
    st.builds(Pool, size=pairs, stride=st.none() | pairs, padding=paddings),
    st.just(BatchNorm()),
    st.just(Dropout(rate=0.3)),
)
heads = st.sampled_from([Flatten(), GlobalAveragePool()])
dense_layers = st.builds(Dense, units=st.integers(1, 5))


@st.composite
def networks(draw):
    body = draw(st.lists(map_layers, max_size=4))
    head = draw(heads)
    top = draw(st.lists(st.one_of(dense_layers, st.just(BatchNorm())), max_size=2))
    return Network(
        input_shape=draw(st.tuples(st.integers(4, 9), st.integers(4, 9), st.integers(1, 3))),
        layers=(*body, head, *top, Dense(units=3, activation="linear")),
        classes=3,
    )


def keras_layer(layer):
    match layer:
        case Conv():
            return keras.layers.Conv2D(
                layer.filters, layer.kernel, strides=layer.stride, padding=layer.padding
            )
        case Pool():
            kind = {"max": keras.layers.MaxPooling2D, "average": keras.layers.AveragePooling2D}
            return kind[layer.kind](layer.size, strides=layer.stride, padding=layer.padding)
        case Dropout():
            return keras.layers.Dropout(layer.rate)
        case Dense():
            return keras.layers.Dense(layer.units)
        case _:
            return PLAIN[type(layer)]()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_shapes_and_parameters_agree_with_keras(network):
    try:
        shapes = layer_shapes(network)
    except NetworkError:
        with pytest.raises(ValueError, match=r"negative|non-positive|Computed output size"):
            build(network)
        return
    model = build(network)
    assert shapes == tuple(layer.output.shape[1:] for layer in model.layers)
    summary = summarize(network)
    assert summary.parameters == model.count_params()
    assert summary.trainable_parameters == sum(x.numpy().size for x in model.trainable_weights)


def build(network):
    return keras.Sequential([keras.Input(network.input_shape), *map(keras_layer, network.layers)])
