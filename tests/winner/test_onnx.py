"""What is exported as ONNX computes what the NumPy reference does, in ONNX Runtime."""

import numpy as np
import onnx
import onnxruntime
import pytest

from cnnbench.plugin import (
    ACTIVATIONS,
    Activate,
    Add,
    BatchNorm,
    Capabilities,
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Multiply,
    Network,
    Optimization,
    Pool,
    Rescaling,
    StochasticDepth,
    ZeroPadding,
)
from cnnbench.testing import ArrayBatches, initial_weights
from cnnbench.testing.numpy_backend import NumpyEngine
from cnnbench.winner.onnx_exporter import OnnxExporter

EVERYTHING = (
    Rescaling(scale=(1 / 255, 1 / 127, 0.01), offset=(0.0, -1.0, 0.5)),
    ZeroPadding(padding=((1, 0), (0, 1))),
    Conv(filters=6, kernel=(3, 3), stride=(2, 2), padding="same", activation="relu"),
    BatchNorm(name="norm", epsilon=0.01),
    DepthwiseConv(kernel=(3, 3), padding="same", activation="relu6", name="depthwise"),
    Add(inputs=("norm", "depthwise"), name="sum"),
    GlobalAveragePool(name="squeeze"),
    Dense(units=6, activation="hard_sigmoid", name="excite"),
    Multiply(inputs=("sum", "excite"), name="weighed"),
    Pool(kind="max", size=(2, 2), padding="same", name="largest"),
    Pool(kind="average", size=(2, 2), padding="same", inputs=("weighed",), name="mean"),
    Concatenate(inputs=("largest", "mean")),
    Conv(filters=4, kernel=(2, 2), activation="linear", groups=2),
    Activate(function="silu", name="map"),
    GlobalMaxPool(name="vector"),
    Flatten(inputs=("map",), name="flat"),
    Concatenate(inputs=("vector", "flat")),
    Dropout(rate=0.5),
    StochasticDepth(rate=0.5),
)


def test_the_network_of_everything_has_every_type_of_layer():
    assert {"dense", *(layer.type for layer in EVERYTHING)} == Capabilities().layers


def exported(path, network, images, seed=1):
    """The probabilities of ONNX Runtime, and of the reference."""
    rng = np.random.default_rng(seed)
    weights = {
        name: (x + rng.normal(0, 0.1, x.shape)).astype(np.float32)
        for name, x in initial_weights(network, seed).items()
    }
    OnnxExporter().export(network, weights, path / "model.onnx")
    model = NumpyEngine().build(network, weights, Optimization(), 0)
    session = onnxruntime.InferenceSession(path / "model.onnx")
    for count in (1, len(images)):
        part = images[:count]
        expected = model.predict(ArrayBatches(part, np.zeros(count, np.int32)))
        (found,) = session.run(["probabilities"], {"images": part})
        yield found, expected


@pytest.mark.parametrize(("output", "units", "classes"), [("softmax", 4, 4), ("sigmoid", 1, 2)])
def test_every_layer_computes_the_same_for_any_number_of_images(tmp_path, output, units, classes):
    layers = (*EVERYTHING, Dense(units=units, activation="linear"))
    network = Network(input_shape=(9, 8, 3), layers=layers, classes=classes, output=output)
    images = np.random.default_rng(2).integers(0, 256, (5, 9, 8, 3)).astype(np.float32)
    for found, expected in exported(tmp_path, network, images):
        assert np.ptp(expected) > 0.01 or len(expected) == 1
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_every_activation_computes_the_same(tmp_path):
    layers = tuple(Dense(units=5, activation=name) for name in sorted(ACTIVATIONS))
    layers = (Flatten(), *layers, Dense(units=3, activation="linear"))
    network = Network(input_shape=(2, 2, 1), layers=layers, classes=3)
    images = np.random.default_rng(2).normal(size=(6, 2, 2, 1)).astype(np.float32)
    for found, expected in exported(tmp_path, network, images):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_file_is_whole_and_its_arrays_have_their_names(tmp_path):
    network = Network(
        input_shape=(4, 4, 1),
        layers=(Conv(filters=2), Flatten(), Dense(units=2, activation="linear")),
        classes=2,
    )
    OnnxExporter().export(network, initial_weights(network, 1), tmp_path / "model.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    model = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    names = {array.name for array in model.graph.initializer}
    assert names == {"conv_1/kernel", "conv_1/bias", "dense_1/kernel", "dense_1/bias"}


def test_arrays_are_found_by_their_names_and_not_by_their_order(tmp_path):
    layers = (Conv(filters=2), BatchNorm(), Flatten(), Dense(units=2, activation="linear"))
    network = Network(input_shape=(4, 4, 1), layers=layers, classes=2)
    weights = initial_weights(network, 1)
    turned = dict(reversed(weights.items()))
    written = []
    for each in (weights, turned):
        OnnxExporter().export(network, each, tmp_path / "model.onnx")
        written.append((tmp_path / "model.onnx").read_bytes())
    assert written[0] == written[1]
