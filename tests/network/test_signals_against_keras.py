"""Networks of signals against Keras's one-dimensional layers, layer by layer."""

import os

import numpy as np
import pytest

from cnnbench.network.architectures import build_network
from cnnbench.network.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    DepthwiseConv,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Pool,
)
from cnnbench.network.network import Network
from cnnbench.network.spec import NetworkSpec
from cnnbench.network.summary import summarize
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.numpy_backend import NumpyEngine
from cnnbench.testing.samples import random_weights
from cnnbench.trials.optimization import Optimization

with pytest.MonkeyPatch.context() as environment:
    # Not for longer: processes that other tests start would inherit it.
    environment.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "torch"))
    keras = pytest.importorskip("keras")

L = keras.layers
LENGTH, CHANNELS = 25, 3
# Not padded: averages of Keras on PyTorch count padded values, those of Keras elsewhere don't.
BODY = (
    (
        Conv(filters=5, kernel=(9, 1), padding="same", activation="linear"),
        L.Conv1D(5, 9, padding="same"),
    ),
    (BatchNorm(), L.BatchNormalization()),
    (Activate(function="relu"), L.ReLU()),
    (Pool(size=(2, 1)), L.MaxPooling1D(2)),
    (
        Conv(filters=6, kernel=(4, 1), stride=(2, 1), padding="same"),
        L.Conv1D(6, 4, strides=2, padding="same", activation="relu"),
    ),
    (Pool(kind="average", size=(2, 1), stride=(1, 1)), L.AveragePooling1D(2, 1)),
    (
        DepthwiseConv(kernel=(2, 1), padding="same"),
        L.DepthwiseConv1D(2, padding="same", activation="relu"),
    ),
    (
        Conv(filters=4, kernel=(2, 1), dilation=(2, 1), activation="elu"),
        L.Conv1D(4, 2, dilation_rate=2, activation="elu"),
    ),
)
HEADS = {
    "flatten": (Flatten(), L.Flatten()),
    "average": (GlobalAveragePool(), L.GlobalAveragePooling1D()),
    "max": (GlobalMaxPool(), L.GlobalMaxPooling1D()),
}


def as_keras(layer, arrays):
    """The arrays of a layer in the order and shapes of Keras's: kernels without their width."""
    narrow = layer.type in ("conv", "depthwise_conv")
    kernels = {"kernel": arrays["kernel"][:, 0]} if narrow else {}
    order = ("kernel", "bias", "gamma", "beta", "mean", "variance")
    return [(arrays | kernels)[name] for name in order if name in arrays]


@pytest.mark.parametrize("head", HEADS)
def test_each_layer_computes_what_keras_computes_in_one_dimension(head):
    pairs = (*BODY, HEADS[head])
    whole = Network(
        input_shape=(LENGTH, 1, CHANNELS),
        layers=tuple(ours for ours, _ in pairs),
        classes=0,
        output="features",
    )
    weights = random_weights(whole)
    signals = np.random.default_rng(0).standard_normal((4, LENGTH, 1, CHANNELS), np.float32)
    batches = ArrayBatches(signals, np.zeros(4, np.int32), batch_size=4)
    expected = signals[:, :, 0]
    for count, (name, layer) in enumerate(whole.named_layers(), 1):
        theirs = pairs[count - 1][1].__class__.from_config(pairs[count - 1][1].get_config())
        theirs.build(expected.shape)
        own = {k.partition("/")[2]: x for k, x in weights.items() if k.partition("/")[0] == name}
        theirs.set_weights(as_keras(layer, own))
        expected = keras.ops.convert_to_numpy(theirs(expected))
        part = whole.model_copy(update={"layers": whole.layers[:count]})
        used = {
            k: x for k, x in weights.items() if k.partition("/")[0] in dict(part.named_layers())
        }
        got = NumpyEngine().build(part, used, Optimization("sgd", 0.1), 0).predict(batches)
        got = got[:, :, 0] if got.ndim == 4 else got
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=2e-4, atol=2e-5, err_msg=name)


def test_a_number_as_kernel_stride_and_pool_counts_along_the_signal_alone():
    spec = NetworkSpec(filters=(32, 64), kernel=9, pool=3, stride=2, padding="same", dense=(16,))
    ours = summarize(build_network(spec, (427, 1, 2), 6))
    theirs = keras.Sequential(
        [
            keras.Input((427, 2)),
            L.Conv1D(32, 9, strides=2, padding="same", activation="relu"),
            L.MaxPooling1D(3),
            L.Conv1D(64, 9, strides=2, padding="same", activation="relu"),
            L.Flatten(),
            L.Dense(16, activation="relu"),
            L.Dense(6),
        ]
    )
    assert ours.parameters == theirs.count_params()
    assert [row.shape[0] for row in ours.rows] == [layer.output.shape[1] for layer in theirs.layers]


def test_what_is_given_for_each_axis_stays_and_so_do_images():
    square = NetworkSpec(filters=(4,), kernel=3, padding="same")
    assert build_network(square, (8, 8, 1), 2).layers[0].kernel == (3, 3)
    assert build_network(square, (1, 1, 1), 2).layers[0].kernel == (3, 3)
    given = NetworkSpec(filters=(4,), kernel=(5, 3), padding="same")
    assert build_network(given, (8, 1, 1), 2).layers[0].kernel == (5, 3)
    assert isinstance(build_network(square, (8, 1, 1), 2).layers[-1], Dense)
