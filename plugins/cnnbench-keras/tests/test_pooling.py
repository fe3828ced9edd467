from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cnnbench.testing import load_plugins

COMPARED_WITH_KERAS = """
import jax, keras, numpy as np
from cnnbench.plugin import Pool
from cnnbench_keras._pooling import TiledMaxPooling, pooling

def both(mine, theirs, maps):
    slopes = np.random.default_rng(1).normal(size=theirs(maps).shape).astype(np.float32)
    for layer in (mine, theirs):
        values, back = jax.vjp(layer, maps)
        yield np.asarray(values), np.asarray(back(slopes)[0])

draw = np.random.default_rng(0)
for height, width, size in ((6, 6, (2, 2)), (7, 5, (2, 2)), (9, 8, (3, 2)), (4, 4, (1, 1))):
    # Few different values: many windows hold the largest one more than once.
    maps = draw.integers(-2, 3, (3, height, width, 4)).astype(np.float32)
    maps[0, 0, 0, 0] = maps[1, 1, 1, 1] = np.nan
    layer = pooling(Pool(size=size), "channels_last", {})
    assert isinstance(layer, TiledMaxPooling)
    (values, gradient), (right, right_gradient) = both(layer, keras.layers.MaxPooling2D(size), maps)
    np.testing.assert_array_equal(values, right)
    # Of a window with NaN the gradient is of no use.
    sound = ~np.isnan(maps).any(axis=(1, 2), keepdims=True) & np.ones_like(maps, bool)
    np.testing.assert_array_equal(gradient[sound], right_gradient[sound])
for other in (Pool(stride=(1, 1)), Pool(padding="same"), Pool(kind="average")):
    assert not isinstance(pooling(other, "channels_last", {}), TiledMaxPooling)
"""


def test_max_pooling_on_jax_has_keras_s_values_and_gradients_to_the_bit():
    backend = load_plugins().backend("jax")
    if not backend.check().available:
        pytest.skip("not installed")
    environment = {**os.environ, **backend.environment("cpu", 1)}
    subprocess.run([sys.executable, "-c", COMPARED_WITH_KERAS], env=environment, check=True)
