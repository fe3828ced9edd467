"""The same pictures on every backend: heat maps and feature maps, number by number."""

import subprocess
import sys

import numpy as np
import pytest

from cnnbench.network.layers import (
    Add,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    GlobalAveragePool,
    Pool,
)
from cnnbench.network.network import Network
from cnnbench.network.weights import initial_weights
from cnnbench.testing.numpy_backend import NumpyBackend
from cnnbench.winner.explanation.grad_cam import Explainer
from cnnbench.winner.explanation.subject import Subject
from cnnbench.winner.folder import network_files, read_winner
from cnnbench.winner.preprocessing import Affine, Preprocessing

pytestmark = pytest.mark.framework
SINGLE = Network(
    input_shape=(8, 8, 1),
    layers=(
        Conv(name="below", filters=4, padding="same", activation="elu"),
        Conv(name="beside", filters=4, padding="same", activation="relu"),
        Add(name="sum", inputs=("below", "beside")),
        BatchNorm(name="norm"),
        Pool(),
        Dropout(rate=0.5),
        Conv(name="last", filters=6, activation="tanh", kernel=(2, 2)),
        GlobalAveragePool(),
        Dense(units=1, activation="linear"),
    ),
    classes=2,
    output="sigmoid",
)
LAYERS = ("norm", "sum", "last")
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from cnnbench.installed import installed_plugins
from cnnbench.winner.backends import open_engine
from cnnbench.winner.explanation.grad_cam import Explainer
from cnnbench.winner.explanation.subject import Subject
from cnnbench.winner.folder import read_winner

name, folder, images, out, *layers = sys.argv[1:]
backend = installed_plugins().backend(name)
subject = Subject.of_winner(read_winner(Path(folder)))
explainer = Explainer(subject, backend, open_engine(backend, "cpu"))
images, found = np.load(images), {}
for layer in layers:
    seen = explainer.heat_maps(images, layer)
    found |= {
        f"seen {layer}": seen.values,
        f"first {layer}": explainer.heat_maps(images, layer, 0).values,
        f"maps {layer}": explainer.maps(images, layer),
        f"classes {layer}": seen.classes,
        f"probabilities {layer}": seen.probabilities,
    }
np.savez(out, **found)
"""


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """A winner of one sigmoid unit, with a shortcut."""
    folder = tmp_path_factory.mktemp("single")
    rng = np.random.default_rng(4)
    weights = {
        name: array + np.abs(0.3 * rng.standard_normal(array.shape)).astype(np.float32)
        for name, array in initial_weights(SINGLE, 2).items()
    }
    description = {
        "classes": ("cat", "dog"),
        "network": SINGLE,
        "preprocessing": Preprocessing(
            height=8, width=8, color="grey", scaling=Affine(factor=(1 / 255,), offset=(-0.5,))
        ),
        "backend": "numpy",
    }
    for name, content in network_files(description, weights).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("backend", ["torch-native", "torch", "tensorflow", "jax"])
def test_every_backend_makes_the_picture_of_the_reference(single, pixels, tmp_path, backend):
    images = pixels[:5]
    np.save(tmp_path / "images.npy", images)
    out = tmp_path / "out.npz"
    arguments = [backend, single, tmp_path / "images.npy", out, *LAYERS]
    subprocess.run([sys.executable, "-c", SCRIPT, *map(str, arguments)], check=True)
    numpy = NumpyBackend()
    subject = Subject.of_winner(read_winner(single))
    explainer = Explainer(subject, numpy, numpy.open("cpu", 1))
    with np.load(out) as found:
        for layer in LAYERS:
            seen = explainer.heat_maps(images, layer)
            first = explainer.heat_maps(images, layer, 0)
            assert seen.values.any() or first.values.any()
            expected = {
                "seen": seen.values,
                "first": first.values,
                "maps": explainer.maps(images, layer),
                "classes": seen.classes,
                "probabilities": seen.probabilities,
            }
            for name, array in expected.items():
                np.testing.assert_allclose(found[f"{name} {layer}"], array, atol=1e-5, err_msg=name)
