"""A whole network against Keras: prediction, training loss, one step, moving statistics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from cnnbench.data.passes.batches import Batch
from cnnbench.data.passes.soft_labels import soft_labels
from cnnbench.network.layers import BatchNorm, Conv, Dense, Flatten, Pool
from cnnbench.network.network import Network
from cnnbench.network.weights import weight_shapes
from cnnbench.testing.reference import Reference
from cnnbench.testing.reference.outputs import Sigmoid, Softmax
from cnnbench.trials.optimization import Optimization

pytestmark = pytest.mark.skipif(
    not (find_spec("keras") and find_spec("tensorflow")), reason="Keras runs on TensorFlow here"
)

NETWORK = Network(
    input_shape=(9, 8, 2),
    layers=(
        Conv(filters=3, kernel=(3, 2), stride=(2, 1), padding="same", activation="gelu", l1=0.02),
        BatchNorm(momentum=0.8),
        Pool(kind="average", size=(2, 3), stride=(2, 2), padding="same"),
        Pool(size=(2, 2), stride=(1, 1)),
        Flatten(),
        Dense(units=5, activation="elu", l2=0.1),
        Dense(units=3, activation="linear"),
    ),
    classes=3,
)
SCRIPT = """
import json, sys
import keras
import numpy as np
from keras import layers, regularizers
given = json.load(sys.stdin)
model = keras.Sequential([
    layers.Input((9, 8, 2)),
    layers.Conv2D(3, (3, 2), (2, 1), "same", activation=lambda x: keras.ops.gelu(x, False),
                  kernel_regularizer=regularizers.L1(0.02)),
    layers.BatchNormalization(momentum=0.8),
    layers.AveragePooling2D((2, 3), (2, 2), "same"),
    layers.MaxPooling2D((2, 2), (1, 1)),
    layers.Flatten(),
    layers.Dense(5, "elu", kernel_regularizer=regularizers.L2(0.1)),
    layers.Dense(3),
])
model.set_weights([np.array(array, "float32") for array in given["weights"]])
images = np.array(given["images"], "float32")
scores = model(images, training=False).numpy().tolist()
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
labels = np.array(given["labels"])
how = {"from_logits": True, "label_smoothing": 0.2, "reduction": None}
made = np.array(scores, "float32")
softmax = keras.losses.CategoricalCrossentropy(**how)(np.eye(3, dtype="float32")[labels], made)
ones = (labels[:, None] % 2).astype("float32")
sigmoid = keras.losses.BinaryCrossentropy(**how)(ones, made[:, :1])
smoothed = {"softmax": softmax.numpy().tolist(), "sigmoid": sigmoid.numpy().tolist()}
model.compile(keras.optimizers.SGD(0.1), loss)
total = model.train_on_batch(
    images, np.array(given["labels"]), sample_weight=np.array(given["sample_weights"], "float32"))
after = [array.tolist() for array in model.get_weights()]
said = {"scores": scores, "smoothed": smoothed, "total": float(total), "after": after}
json.dump(said, sys.stdout)
"""


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    weights = {
        name: rng.uniform(0.5, 2, shape) if "variance" in name else rng.normal(0, 0.5, shape)
        for name, shape in weight_shapes(NETWORK).items()
    }
    images, labels = rng.normal(size=(4, 9, 8, 2)), np.array([0, 2, 1, 1], np.int32)
    return weights, Batch(images, labels, rng.uniform(0.2, 2, 4))


@pytest.fixture(scope="module")
def keras_says(sample):
    weights, batch = sample
    given = {
        "weights": [array.tolist() for array in weights.values()],
        "images": batch.images.tolist(),
        "labels": batch.labels.tolist(),
        "sample_weights": batch.weights.tolist(),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(given),
        env={**os.environ, "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_scores(sample, keras_says):
    weights, batch = sample
    ours = Reference(NETWORK, weights, Optimization("sgd")).scores(batch.images)
    np.testing.assert_allclose(ours, keras_says["scores"], atol=1e-5)


def test_losses_of_smoothed_labels(sample, keras_says):
    _, batch = sample
    scores = np.array(keras_says["scores"])
    three = Softmax().losses(scores, soft_labels(batch.labels, 3, 0.2))
    two = Sigmoid().losses(scores[:, :1], soft_labels(batch.labels % 2, 2, 0.2))
    np.testing.assert_allclose(three, keras_says["smoothed"]["softmax"], rtol=1e-5)
    np.testing.assert_allclose(two, keras_says["smoothed"]["sigmoid"], rtol=1e-5)


def test_loss_and_one_step(sample, keras_says):
    weights, batch = sample
    reference = Reference(NETWORK, weights, Optimization("sgd"))
    step = reference.step(batch, 0.1)
    # Keras reports the weighted loss over the number of images, plus the penalties.
    assert step.loss / 4 + step.penalty == pytest.approx(keras_says["total"], rel=1e-5)
    for (name, ours), theirs in zip(
        reference.get_weights().items(), keras_says["after"], strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5, err_msg=name)
