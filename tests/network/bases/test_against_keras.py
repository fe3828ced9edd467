"""The bases against keras.applications with the same arrays: the same numbers come out."""

import os

import numpy as np
import pytest

from cnnbench.loading.manager import load_plugins
from cnnbench.network.bases import BASES
from cnnbench.network.bases.efficientnet import DEVIATION, MEAN
from cnnbench.network.weights import by_layer, initial_weights
from cnnbench.plugin.backend import Optimization
from cnnbench.testing import ArrayBatches

with pytest.MonkeyPatch.context() as environment:
    # Not for longer: processes that other tests start would inherit it.
    environment.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "torch"))
    keras = pytest.importorskip("keras")

PUBLISHED = {
    "vgg16": "VGG16",
    "vgg19": "VGG19",
    "resnet50": "ResNet50",
    "densenet121": "DenseNet121",
    "inception_v3": "InceptionV3",
    "xception": "Xception",
    "mobilenet": "MobileNet",
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3_small": "MobileNetV3Small",
    "efficientnet_b0": "EfficientNetB0",
    "efficientnet_v2b0": "EfficientNetV2B0",
}
SMALLEST = {"inception_v3": 75, "xception": 71}
PARTS = {
    "kernel": "kernel",
    "bias": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "mean": "moving_mean",
    "variance": "moving_variance",
}
COMPARED = ["torch-native", "torch"] if keras.config.backend() == "torch" else []
COMPARED = COMPARED or [keras.config.backend()]


def arrays_of(network):
    """Every array away from its start, and such that the numbers stay of one size."""
    rng = np.random.default_rng(0)
    arrays = dict(initial_weights(network, 0))
    for name, array in arrays.items():
        part = name.partition("/")[2]
        noise = 0.1 * rng.standard_normal(array.shape)
        if part != "kernel":
            arrays[name] = (array + np.abs(noise)).astype(np.float32)
    return arrays


def published(name, size, arrays):
    keras.utils.clear_session()
    model = getattr(keras.applications, PUBLISHED[name])(
        weights=None, include_top=False, input_shape=(size, size, 3)
    )
    for layer, own in by_layer(arrays).items():
        if layer.endswith("_depthwise") and "sepconv" in layer:
            target = model.get_layer(layer.removesuffix("_depthwise"))
            target.depthwise_kernel.assign(own["kernel"])
            continue
        target = model.get_layer(layer)
        for part, array in own.items():
            pointwise = isinstance(target, keras.layers.SeparableConv2D)
            getattr(target, "pointwise_kernel" if pointwise else PARTS[part]).assign(array)
    if name == "efficientnet_b0":
        # What is adapted to ImageNet in the file of weights.
        normalization = model.get_layer("normalization")
        normalization.adapt_mean.assign(MEAN)
        normalization.adapt_variance.assign(np.square(DEVIATION))
        normalization.finalize_state()
    return model


@pytest.fixture(scope="module", autouse=True)
def engines():
    """Opened before Keras computes anything: TensorFlow then fixes its threads."""
    plugins = load_plugins()
    return {name: plugins.backend(name).open("cpu", 1) for name in COMPARED}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_base_computes_what_keras_computes(name, engines):
    size = SMALLEST.get(name, 64)
    network = BASES[name]((size, size, 3))
    arrays = arrays_of(network)
    model = published(name, size, arrays)
    constants = 7 if name == "efficientnet_b0" else 0
    assert sum(array.size for array in arrays.values()) == model.count_params() - constants
    images = np.random.default_rng(1).uniform(0, 255, (2, size, size, 3)).astype(np.float32)
    if not name.startswith(("efficientnet", "mobilenet_v3")):
        images = images / 127.5 - 1
    expected = keras.ops.convert_to_numpy(model(images, training=False))
    for backend, engine in engines.items():
        built = engine.build(network, arrays, Optimization(), 0)
        got = built.predict(ArrayBatches(images, np.zeros(2, np.int32), batch_size=2))
        assert got.shape == expected.shape
        worst = np.abs(got - expected).max() / np.abs(expected).max()
        assert worst < 1e-4, backend
