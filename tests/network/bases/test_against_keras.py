"""The bases against keras.applications with the same arrays: the same numbers come out."""

import os
import subprocess
import sys

import numpy as np
import pytest
import questions

from cnnbench.loading.manager import load_plugins
from cnnbench.network.bases.efficientnet import DEVIATION, MEAN
from cnnbench.network.weights import by_layer

with pytest.MonkeyPatch.context() as environment:
    # Not for longer: processes that other tests start would inherit it.
    environment.setenv("KERAS_BACKEND", "torch")
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
PARTS = {
    "kernel": "kernel",
    "bias": "bias",
    "gamma": "gamma",
    "beta": "beta",
    "mean": "moving_mean",
    "variance": "moving_variance",
}
HERE = ["torch-native", "torch"]
ELSEWHERE = ["tensorflow", "jax"]
"""Backends that need a process of their own."""
TOLERANCE = 1e-4
"""Of the largest number that comes out."""


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


@pytest.fixture(scope="module")
def expected():
    """What Keras computes on PyTorch, where its single operations cost least."""
    answers = {}
    for name in PUBLISHED:
        arrays = questions.arrays_of(questions.network_of(name))
        model = published(name, questions.size_of(name), arrays)
        constants = 7 if name == "efficientnet_b0" else 0
        assert sum(array.size for array in arrays.values()) == model.count_params() - constants
        output = model(questions.images_for(name), training=False)
        answers[name] = keras.ops.convert_to_numpy(output)
    return answers


def assert_same(answers, expected):
    differences = {
        name: np.abs(answers[name] - right).max() / np.abs(right).max()
        for name, right in expected.items()
        if answers[name].shape == right.shape
    }
    assert differences.keys() == expected.keys()
    assert {name: worst for name, worst in differences.items() if not worst < TOLERANCE} == {}


@pytest.mark.parametrize("backend", HERE)
def test_every_base_computes_what_keras_computes(backend, expected):
    engine = load_plugins().backend(backend).open("cpu", 1)
    assert_same({name: questions.answer(engine, name) for name in PUBLISHED}, expected)


@pytest.mark.parametrize("backend", ELSEWHERE)
def test_the_other_backends_compute_the_same(backend, expected, tmp_path):
    environment = {**os.environ, **load_plugins().backend(backend).environment("cpu", 1)}
    command = [sys.executable, questions.__file__, backend, str(tmp_path), *PUBLISHED]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert_same({name: np.load(tmp_path / f"{name}.npy") for name in PUBLISHED}, expected)
