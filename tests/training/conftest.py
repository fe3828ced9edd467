"""Arrays for a base, and a place to study it; lets the tests import what stands beside them."""

import sys
from pathlib import Path

import numpy as np
import pytest

from cnnbench.network.bases import BASES
from cnnbench.network.weights import weight_shapes

sys.path.append(str(Path(__file__).parent))
from transfer_studies import Place


@pytest.fixture(scope="session")
def pretrained(tmp_path_factory):
    """Arrays for the base, as nobody trained them but everybody reads them."""
    base = BASES["mobilenet"]((32, 32, 3))
    rng = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("arrays") / "mobilenet.npz"
    arrays = {}
    for name, shape in weight_shapes(base).items():
        part = name.partition("/")[2]
        scale = {"gamma": 1.0, "variance": 1.0}.get(part, 0.0)
        spread = 0.1 if part != "kernel" else np.sqrt(2 / max(1, np.prod(shape[:-1])))
        if part == "kernel" and shape[-1] == 1:
            spread = np.sqrt(2 / 9)
        arrays[name] = (scale + spread * rng.standard_normal(shape)).astype(np.float32)
        if part == "variance":
            arrays[name] = np.abs(arrays[name])
    np.savez(path, **arrays)
    return path


@pytest.fixture
def place(tmp_path, monkeypatch, pretrained):
    monkeypatch.setenv("CNNBENCH_CACHE", str(tmp_path / "cache"))
    return Place(tmp_path, pretrained)
