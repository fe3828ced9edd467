"""Simulated ranks over data sets where no technique is better: how often one is said to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cnnbench.comparison.inference.data_sets import rank

_NULL = 200_000


@dataclass(frozen=True)
class FalseClaims:
    """Shares of studies: by Iman and Davenport's F, by shuffled ranks, with a pair told apart."""

    f: float
    shuffled: float
    pairs: float


def false_claims(techniques: int, data_sets: int, *, runs: int, seed: int) -> FalseClaims:
    """Orders of the techniques drawn by chance on each data set."""
    rng = np.random.default_rng(seed)
    size = (techniques, data_sets)
    null = np.sort(_spread(_orders(rng, _NULL, size)))
    orders = _orders(rng, runs, size)
    spread = _spread(orders)
    p = 1 - np.searchsorted(null, spread, side="left") / _NULL
    most = data_sets * (techniques - 1)
    mean = data_sets * (techniques + 1) / 2
    chi_square = 12 * (spread - techniques * mean**2) / (data_sets * techniques * (techniques + 1))
    with np.errstate(divide="ignore"):
        f = (data_sets - 1) * chi_square / np.maximum(most - chi_square, 0)
    by_f = stats.f.sf(f, techniques - 1, (techniques - 1) * (data_sets - 1)) < 0.05
    critical = rank({str(i): [float(i)] * data_sets for i in range(techniques)}).critical
    sums = orders.sum(1)
    apart = (sums.max(1) - sums.min(1)) / data_sets >= critical
    return FalseClaims(*(float(x.mean()) for x in (by_f, p < 0.05, apart & (p < 0.05))))


def _orders(rng: np.random.Generator, runs: int, size: tuple[int, int]) -> np.ndarray:
    """Ranks from 1, of shape (runs, data sets, techniques)."""
    techniques, data_sets = size
    ranks = np.broadcast_to(np.arange(1, techniques + 1), (runs, data_sets, techniques))
    return rng.permuted(ranks, axis=2)


def _spread(orders: np.ndarray) -> np.ndarray:
    return np.square(orders.sum(1, dtype=float)).sum(1)
