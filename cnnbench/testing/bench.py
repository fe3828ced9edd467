"""The bench that a backend is put on: it opens the backend and builds the same model twice."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Backend, Engine, Model, Optimization
from cnnbench.testing.finding import Unsupported
from cnnbench.testing.numpy_backend import NumpyModel
from cnnbench.testing.samples import random_weights

SGD = Optimization(optimizer="sgd")


class Pair(NamedTuple):
    """The backend's model and the reference, built alike; weights: those they start from."""

    model: Model
    reference: NumpyModel
    weights: Weights


class Bench:
    """One backend on one device; the engine is opened when a check first needs it.

    before: names of the modules that were loaded before the backend was looked up.
    """

    def __init__(
        self,
        backend: Backend,
        device: str = "cpu",
        threads: int = 1,
        before: Iterable[str] = (),
    ) -> None:
        self.backend = backend
        self.device = device
        self.threads = threads
        backend.check()
        # What is loaded by now was loaded without opening the backend.
        self.imported_early = frozenset(sys.modules).difference(before)

    @cached_property
    def engine(self) -> Engine:
        """The opened backend."""
        return self.backend.open(self.device, self.threads)

    def build(
        self,
        network: Network,
        weights: Weights | None = None,
        optimization: Optimization = SGD,
        seed: int = 1,
    ) -> Model:
        """The backend's model; weights are random if not given. Raises Unsupported."""
        lacking = self.backend.capabilities.missing(network, optimization)
        if lacking:
            raise Unsupported(f"declared as missing: {lacking}")
        if weights is None:
            weights = random_weights(network)
        return self.engine.build(network, weights, optimization, seed)

    def pair(
        self, network: Network, optimization: Optimization = SGD, weights: Weights | None = None
    ) -> Pair:
        """The backend's model and the reference with the same weights. Raises Unsupported."""
        if weights is None:
            weights = random_weights(network)
        model = self.build(network, weights, optimization)
        return Pair(model, NumpyModel(network, weights, optimization, 1), weights)
