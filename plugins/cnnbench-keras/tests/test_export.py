"""What is exported is a model of Keras alone, whichever framework reads it."""

import os
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.framework

WRITE = """
import sys
import numpy as np
from cnnbench.plugin import *
from cnnbench.testing import ArrayBatches, initial_weights
from cnnbench_keras._backends import TorchBackend
from cnnbench_keras._exporter import KerasExporter

layers = (
    Rescaling(scale=(1 / 255, 1 / 127, 0.01), offset=(0.0, -1.0, 0.5)),
    ZeroPadding(padding=((1, 0), (0, 1))),
    Conv(filters=6, kernel=(3, 3), stride=(2, 2), padding="same", activation="leaky_relu"),
    BatchNorm(name="norm", epsilon=0.01),
    DepthwiseConv(kernel=(3, 3), padding="same", activation="relu6", name="depthwise"),
    Add(inputs=("norm", "depthwise"), name="sum"),
    GlobalAveragePool(name="squeeze"),
    Dense(units=6, activation="hard_sigmoid", name="excite"),
    Multiply(inputs=("sum", "excite"), name="weighed"),
    Pool(kind="max", size=(2, 2), name="largest"),
    Pool(kind="average", size=(2, 2), inputs=("weighed",), name="mean"),
    Concatenate(inputs=("largest", "mean")),
    Conv(filters=4, kernel=(1, 1), activation="softmax"),
    Activate(function="silu", name="map"),
    GlobalMaxPool(name="vector"),
    Flatten(inputs=("map",), name="flat"),
    Concatenate(inputs=("vector", "flat")),
    Dropout(rate=0.5),
    StochasticDepth(rate=0.5),
    Dense(units=UNITS, activation="linear"),
)
assert {layer.type for layer in layers} == Capabilities().layers, "not every type of layer"
network = Network(input_shape=(9, 8, 3), layers=layers, classes=CLASSES, output=OUTPUT)
rng = np.random.default_rng(1)
weights = {
    name: (x + rng.random(x.shape, np.float32) / 2).astype(np.float32)
    for name, x in initial_weights(network, 1).items()
}
images = rng.integers(0, 256, (5, 9, 8, 3)).astype(np.float32)
model = TorchBackend().open("cpu", 1).build(network, weights, Optimization(), 0)
expected = model.predict(ArrayBatches(images, np.zeros(5, np.int32)))
KerasExporter().export(network, weights, sys.argv[1] + "/model.keras")
np.savez(sys.argv[1] + "/expected.npz", images=images, expected=expected)
"""

READ = """
import sys
import keras
import numpy as np

folder = sys.argv[1]
arrays = np.load(folder + "/expected.npz")
model = keras.models.load_model(folder + "/model.keras")
np.save(folder + "/found.npy", model.predict(arrays["images"], verbose=0))
assert not [name for name in sys.modules if name.startswith("cnnbench")]
print(*{type(layer).__module__.partition(".")[0] for layer in model.layers})
"""


def python(code, *arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=["softmax", "sigmoid"])
def written(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    units, classes = (4, 4) if request.param == "softmax" else (1, 2)
    code = WRITE.replace("UNITS", str(units)).replace("CLASSES", str(classes))
    python(code.replace("OUTPUT", repr(request.param)), folder)
    return folder


@pytest.mark.parametrize("framework", ["torch", "tensorflow", "jax"])
def test_keras_alone_computes_the_same_on_every_framework(written, framework):
    assert python(READ, written, KERAS_BACKEND=framework).split() == ["keras"]
    found, expected = np.load(written / "found.npy"), np.load(written / "expected.npz")["expected"]
    assert np.ptp(expected) > 0.01, "else nothing is told apart"
    np.testing.assert_allclose(found, expected, atol=1e-5)
