"""Random numbers that depend on seeds alone: the same on every platform and version of NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def random_bits(seed: int, epoch: int, stream: int, count: int) -> NDArray[np.uint64]:
    """Independent 64-bit integers, shape (count,), a stream of its own for each argument.

    The first values do not depend on `count`. NumPy promises that SeedSequence and the bits of
    Philox never change, which it does not for the distributions of its Generator (NEP 19).
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(epoch, stream))
    bits: NDArray[np.uint64] = np.random.Philox(sequence).random_raw(count)
    return bits


def random_fractions(seed: int, epoch: int, stream: int, count: int) -> NDArray[np.float64]:
    """Uniform in [0, 1), shape (count,): the upper 53 bits of `random_bits`, as fractions."""
    upper = random_bits(seed, epoch, stream, count) >> np.uint64(11)
    return upper.astype(np.float64) * 2.0**-53


def random_order(seed: int, epoch: int, count: int, stream: int = 0) -> NDArray[np.int64]:
    """A permutation of 0..count-1 for an epoch, by sorting random bits."""
    order = np.argsort(random_bits(seed, epoch, stream, count), kind="stable")
    return order.astype(np.int64, copy=False)
