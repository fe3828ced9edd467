"""A small base with every kind of layer that has arrays, and numbers for it."""

import numpy as np
import pytest

from cnnbench.network.bases import BASES
from cnnbench.network.bases.builder import Builder
from cnnbench.network.layers import INPUT
from cnnbench.network.weights import weight_shapes


def tiny(input_shape, *, top=False, classes=3):
    """Strided and depthwise convolutions, normalised, one beside the others."""
    b = Builder(input_shape)
    x = b.norm(b.conv(INPUT, 4, 3, "stem", stride=2, padding="same", bias=True), "stem_bn")
    y = b.depthwise_padded(x, 3, 2, "down", "down_pad")
    y = b.norm(b.conv(y, 6, 1, "wide"), "wide_bn")
    beside = b.norm(b.conv(x, 6, 1, "beside", stride=2, padding="same"), "beside_bn")
    x = b.sum(y, beside, "sum")
    return b.network(x, top=top, classes=classes)


@pytest.fixture(autouse=True)
def _own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setitem(BASES, "tiny", tiny)


@pytest.fixture
def network():
    return tiny((33, 33, 3))


@pytest.fixture
def arrays(network):
    """Away from what anybody would start with."""
    rng = np.random.default_rng(0)
    return {
        name: rng.uniform(0.1, 1, shape).astype(np.float32)
        for name, shape in weight_shapes(network).items()
    }


@pytest.fixture
def torch_arrays(arrays):
    """The same as PyTorch names and orders them, with a head."""
    parts = {"kernel": "weight", "gamma": "weight", "beta": "bias", "bias": "bias"}
    parts |= {"mean": "running_mean", "variance": "running_var"}
    modules = ["stem", "stem_bn", "down", "wide", "wide_bn", "beside", "beside_bn"]
    found = {}
    for place, module in enumerate(modules):
        for name, array in arrays.items():
            layer, _, part = name.partition("/")
            if layer == module:
                kernel = {4: (3, 2, 0, 1)}.get(array.ndim)
                kernel = (2, 3, 0, 1) if module == "down" else kernel
                found[f"features.{place}.{parts[part]}"] = (
                    array.transpose(kernel) if array.ndim == 4 else array
                )
        if module.endswith("bn"):
            found[f"features.{place}.num_batches_tracked"] = np.array(7)
    found["classifier.weight"] = np.ones((3, 6), np.float32)
    found["classifier.bias"] = np.ones(3, np.float32)
    return found
