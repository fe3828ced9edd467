"""Nudged weights: moved, but by rounding alone."""

from __future__ import annotations

import numpy as np
import pytest

from cnnbench.training.probe import nudge

WEIGHTS = {"dense_1/kernel": np.array([[0.0, 1.0, -0.75, 1e-3]], np.float32)}


@pytest.mark.parametrize(("precision", "unit"), [("float32", 2**-15), ("bfloat16", 2**-7)])
def test_a_nudge_moves_every_weight_but_zeros_by_its_unit(precision, unit):
    # 1.0 has the unit 2^-23 in float32, 256 of which are 2^-15, and 2^-7 in bfloat16.
    moved = nudge(WEIGHTS, precision, seed=0)["dense_1/kernel"]
    change = np.abs(moved - WEIGHTS["dense_1/kernel"])[0]
    assert moved.dtype == np.float32
    assert change[0] == 0
    assert change[1] == unit
    assert change[2] == unit / 2
    assert 0 < change[3] <= 1e-3 * unit


def test_seeds_nudge_differently():
    weights = {"kernel": np.ones(100, np.float32)}
    one, other = (nudge(weights, "float32", seed)["kernel"] for seed in (1, 2))
    assert 20 < (one != other).sum() < 80
