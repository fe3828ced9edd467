"""Nudged weights: moved, but by rounding alone."""

from __future__ import annotations

import numpy as np
import pytest

from cnnbench.parity.epoch import nudge

WEIGHTS = {"dense_1/kernel": np.array([[0.0, 1.0, -0.75, 1e-3]], np.float32)}


@pytest.mark.parametrize("units", [4.0, 2.0**16])
def test_a_nudge_moves_every_weight_but_zeros_by_its_units(units):
    moved = nudge(WEIGHTS, units, seed=0)["dense_1/kernel"]
    change = np.abs(moved - WEIGHTS["dense_1/kernel"])[0]
    assert moved.dtype == np.float32
    assert change[0] == 0
    assert change[1] == units * 2**-23  # 1.0's unit in the last place
    assert change[2] == change[1] / 2
    assert 0 < change[3] <= 1e-3 * change[1]


def test_seeds_nudge_differently():
    weights = {"kernel": np.ones(100, np.float32)}
    one, other = (nudge(weights, 4.0, seed)["kernel"] for seed in (1, 2))
    assert 20 < (one != other).sum() < 80
