"""Activations moved behind max pooling change no value of the network."""

import numpy as np
import pytest

from cnnbench.network.late import late_activations
from cnnbench.network.layers import (
    Activate,
    Add,
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    GlobalAveragePool,
    Pool,
)
from cnnbench.network.network import Network
from cnnbench.plugin import ACTIVATIONS, Optimization
from cnnbench.testing import ArrayBatches, initial_weights
from cnnbench.testing.numpy_backend import NumpyEngine

OVERLAPPING = Pool(size=(2, 2), stride=(1, 1))


def network_of(*layers):
    head = (GlobalAveragePool(), Dense(units=3, activation="linear"))
    return Network(input_shape=(6, 5, 2), layers=(*layers, *head), classes=3)


def order_of(network):
    """What is computed, layer by layer."""
    return [
        layer.function if isinstance(layer, Activate) else layer.type
        for layer in late_activations(network).layers
    ]


def test_what_ends_a_convolution_becomes_a_layer_behind_the_pooling():
    late = late_activations(network_of(Conv(filters=4), Pool(), Conv(filters=2, kernel=(1, 1))))
    told = [(layer.type, layer.name, layer.inputs) for layer in late.layers]
    assert told == [
        ("conv", "conv_1", ("input",)),
        ("pool", "conv_1/relu", ("conv_1",)),
        ("activation", "pool_1", ("conv_1/relu",)),
        ("conv", "conv_2", ("pool_1",)),
        ("activation", "conv_2/relu", ("conv_2",)),
        ("global_average_pool", "global_average_pool_1", ("conv_2/relu",)),
        ("dense", "dense_1", ("global_average_pool_1",)),
    ]
    assert {layer.applies for layer in late.layers if layer.type == "conv"} == {"linear"}
    assert [node.shape for node in late.nodes()][:3] == [(4, 3, 4), (2, 1, 4), (2, 1, 4)]


@pytest.mark.parametrize("function", sorted(ACTIVATIONS - {"linear"}))
def test_only_functions_that_rise_move(function):
    rises = function not in {"gelu", "silu", "hard_swish", "softmax"}
    expected = ["conv", *(("pool", function) if rises else (function, "pool"))]
    assert order_of(network_of(Conv(filters=2, activation=function), OVERLAPPING))[:3] == expected
    assert order_of(network_of(Conv(filters=2, activation=function), Pool(kind="average")))[:3] == [
        *("conv", function, "pool")
    ]


def test_an_output_that_others_take_too_is_activated_first():
    network = network_of(
        Conv(filters=2, kernel=(1, 1), name="stem"),
        Pool(size=(1, 1), name="pooled"),
        Add(inputs=("stem", "pooled")),
    )
    assert order_of(network)[:4] == ["conv", "relu", "pool", "add"]


@pytest.mark.parametrize("function", sorted(ACTIVATIONS))
def test_training_and_predictions_stay_the_same(function):
    network = network_of(
        BatchNorm(),
        Activate(function=function),
        OVERLAPPING,
        Conv(filters=4, kernel=(2, 2), activation=function, name="shared", l2=0.1),
        OVERLAPPING,
        OVERLAPPING,
        Conv(filters=4, kernel=(1, 1), activation=function, name="left"),
        Conv(filters=4, kernel=(1, 1), inputs=("pool_3",), activation="linear", name="right"),
        Add(inputs=("left", "right")),
    )
    late = late_activations(network)
    weights = initial_weights(network, 1)
    assert list(initial_weights(late, 1)) == list(weights)
    rng = np.random.default_rng(0)
    images = rng.normal(size=(6, 6, 5, 2)).astype(np.float32)
    batches = ArrayBatches(images, rng.integers(0, 3, 6, dtype=np.int32))
    found = []
    for each in (network, late):
        model = NumpyEngine().build(each, weights, Optimization("sgd"), 0)
        found.append((model.train_epoch(batches, 0.1), model.get_weights(), model.predict(batches)))
    (one, arrays, probabilities), (other, moved, others) = found
    assert one.loss == pytest.approx(other.loss, rel=1e-6)
    assert one.penalty == other.penalty
    for name, array in arrays.items():
        np.testing.assert_allclose(array, moved[name], rtol=1e-5, atol=1e-6, err_msg=name)
    np.testing.assert_allclose(probabilities, others, atol=1e-6)


def test_what_the_network_is_for_stays():
    network = Network(input_shape=(2, 2, 1), layers=(Flatten(), Dense(units=2)), classes=2)
    late = late_activations(network.model_copy(update={"output": "features", "classes": 0}))
    assert (late.output, late.classes, late.layers[-1].type) == ("features", 0, "activation")
