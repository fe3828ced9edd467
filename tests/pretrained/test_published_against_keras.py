"""Files that Keras writes, its order of layers, and what it says of the files it publishes."""

import os

import numpy as np
import pytest

from cnnbench.network.bases import BASES
from cnnbench.network.weights import weight_shapes
from cnnbench.pretrained.find import find_arrays
from cnnbench.pretrained.order import halves, keras_order
from cnnbench.pretrained.published import KERAS
from cnnbench.pretrained.read import read_arrays

with pytest.MonkeyPatch.context() as environment:
    environment.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "torch"))
    keras = pytest.importorskip("keras")

NAMES = {
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
VARIABLES = {"mean": "moving_mean", "variance": "moving_variance"}
SIZE = 75


def built(base, weights=None):
    make = getattr(keras.applications, NAMES[base])
    return make(weights=weights, include_top=False, input_shape=(SIZE, SIZE, 3))


class AskedError(Exception):
    pass


@pytest.mark.parametrize("base", KERAS)
def test_names_addresses_and_hashes_are_those_of_keras(base, monkeypatch):
    from keras.src.utils import file_utils

    def get_file(name, origin, *, cache_subdir, file_hash=None):
        raise AskedError(name, origin, cache_subdir, file_hash or "")

    monkeypatch.setattr(file_utils, "get_file", get_file)
    make = getattr(keras.applications, NAMES[base])
    with pytest.raises(AskedError) as asked:
        make(weights="imagenet", include_top=False, input_shape=(224, 224, 3))
    file = KERAS[base]
    assert asked.value.args == (file.name, file.url, "models", file.md5)


def test_licences_are_those_that_the_page_of_keras_2_2_states():
    stated = {base: file.licence for base, file in KERAS.items() if file.licence != "not stated"}
    assert stated == {
        "vgg16": "CC-BY-4.0",
        "vgg19": "CC-BY-4.0",
        "densenet121": "BSD-3-Clause",
        "inception_v3": "Apache-2.0",
        "xception": "MIT",
        "mobilenet": "Apache-2.0",
        "mobilenet_v2": "Apache-2.0",
    }


@pytest.fixture(
    scope="module", params=["resnet50", "inception_v3", "efficientnet_v2b0", "xception"]
)
def random(request):
    """A base of Keras whose arrays are all different."""
    # Numbers in automatic names go on from here, as they do in a session.
    keras.utils.clear_session()
    keras.layers.Conv2D(1, 1)
    model = built(request.param)
    rng = np.random.default_rng(0)
    for variable in model.weights:
        if variable.shape:
            variable.assign(rng.uniform(0.1, 1, variable.shape).astype(np.float32))
    return request.param, model


def expected(base, model):
    """Every array by the names of the network, taken from Keras's layers one by one."""
    network = BASES[base]((SIZE, SIZE, 3))
    order = keras_order(network)
    listed = [layer for layer in model.layers if layer.weights and layer.name != "normalization"]
    with_arrays = {name.partition("/")[0] for name in weight_shapes(network)}
    ours = [name for name in order if name in with_arrays]
    layers = dict(zip(ours, listed, strict=True))
    pairs = {half: whole for whole, half in halves(network).items()}
    found = {}
    for name in weight_shapes(network):
        layer, _, part = name.partition("/")
        if layer in pairs:
            variable = layers[pairs[layer]].depthwise_kernel
        elif layer in pairs.values():
            variable = layers[layer].pointwise_kernel
        else:
            variable = getattr(layers[layer], VARIABLES.get(part, part))
        found[name] = keras.ops.convert_to_numpy(variable)
    return found


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", "-inside.keras"])
def test_a_file_that_keras_wrote_gives_its_arrays(random, ending, tmp_path):
    base, model = random
    path = tmp_path / f"written{ending}"
    if ending == "-inside.keras":
        layers = [keras.Input((SIZE, SIZE, 3)), model, keras.layers.GlobalMaxPooling2D()]
        keras.Sequential([*layers, keras.layers.Dense(2)]).save(path)
    else:
        save = model.save_weights if ending == ".weights.h5" else model.save
        save(path)
    found = find_arrays(base, path.name, None if "eff" in base else "keras", folder=tmp_path)
    read = read_arrays(found, BASES[base]((SIZE, SIZE, 3)))
    for name, array in expected(base, model).items():
        np.testing.assert_array_equal(read[name], array, err_msg=name)


@pytest.mark.parametrize("base", ["densenet121", "mobilenet_v3_small", "efficientnet_b0"])
def test_layers_stand_in_keras_s_order(base):
    keras.utils.clear_session()
    names = [layer.name for layer in built(base).layers if layer.weights]
    network = BASES[base]((SIZE, SIZE, 3))
    with_arrays = {name.partition("/")[0] for name in weight_shapes(network)}
    names = [name for name in names if name != "normalization"]
    assert [name for name in keras_order(network) if name in with_arrays] == names
