"""What is asked of each base on every backend; as a program, the answers of one backend."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from cnnbench.loading.manager import load_plugins
from cnnbench.network.bases import BASES
from cnnbench.network.weights import initial_weights
from cnnbench.plugin.backend import Optimization
from cnnbench.testing import ArrayBatches

SMALLEST = {"inception_v3": 75, "xception": 71}
"""The least image size that Keras takes, where it is not 64 or less."""


def size_of(name):
    return SMALLEST.get(name, 64)


def network_of(name):
    return BASES[name]((size_of(name), size_of(name), 3))


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


def images_for(name):
    images = np.random.default_rng(1).uniform(0, 255, (2, size_of(name), size_of(name), 3))
    scaled = images if name.startswith(("efficientnet", "mobilenet_v3")) else images / 127.5 - 1
    return scaled.astype(np.float32)


def answer(engine, name):
    network = network_of(name)
    model = engine.build(network, arrays_of(network), Optimization(), 0)
    return model.predict(ArrayBatches(images_for(name), np.zeros(2, np.int32), batch_size=2))


def main(backend, folder, *names):
    engine = load_plugins().backend(backend).open("cpu", 1)
    for name in names:
        np.save(Path(folder) / f"{name}.npy", answer(engine, name))


if __name__ == "__main__":
    main(*sys.argv[1:])
