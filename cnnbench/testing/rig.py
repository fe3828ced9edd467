"""The rig that a backend is put on: it opens the backend and builds the same model twice."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Backend, Engine, Model
from cnnbench.plugin.stacked import StackedModel
from cnnbench.testing.finding import Unsupported
from cnnbench.testing.numpy_backend import NumpyModel
from cnnbench.testing.samples import RATES, SIGMOID, SMALL, random_weights, reduce_network
from cnnbench.trials.optimization import Optimization


class Pair(NamedTuple):
    """The backend's model and the reference, built alike; weights: those they start from."""

    model: Model
    reference: NumpyModel
    weights: Weights


class Rig:
    """One backend on one device; the engine is opened when a check first needs it.

    before: names of the modules that were loaded before the backend was looked up. target: how
    another process finds the backend, "" if it can't.
    """

    def __init__(
        self,
        backend: Backend,
        device: str = "cpu",
        threads: int = 1,
        before: Iterable[str] = (),
        *,
        target: str = "",
    ) -> None:
        self.target = target
        self.backend = backend
        self.device = device
        self.threads = threads
        backend.check()
        # What is loaded by now was loaded without opening the backend.
        self.imported_early = frozenset(sys.modules).difference(before)

    @property
    def plain(self) -> Optimization:
        """Plain descent, which momentum 0 is too, or the nearest to it that is declared.

        For all that is not about optimisers, so that a backend that has only adam is checked too.
        """
        known = self.backend.capabilities.optimizers
        name = next((name for name in RATES if name in known), "sgd")
        return Optimization(optimizer=name, momentum=0.0, weight_decay=0.0)

    @property
    def descent(self) -> Optimization:
        """Plain descent, for what reads the gradient off the step. Raises Unsupported."""
        if self.plain.optimizer not in {"sgd", "momentum"}:
            raise Unsupported("declared as missing: optimizer sgd")
        return self.plain

    @property
    def optimizations(self) -> tuple[Optimization, ...]:
        """Every optimiser that is declared. Raises Unsupported if none is."""
        known = self.backend.capabilities.optimizers
        found = tuple(Optimization(optimizer=name) for name in RATES if name in known)
        if not found:
            raise Unsupported(f"declared as missing: every optimizer ({', '.join(RATES)})")
        return found

    @property
    def small(self) -> Network:
        """For all that is not about layers."""
        return self.reduce(SMALL)

    @property
    def outputs(self) -> tuple[Network, Network]:
        """The small network under softmax and under a single sigmoid unit."""
        return self.small, self.reduce(SIGMOID)

    def reduce(self, network: Network) -> Network:
        """What is left of a network where its layers are not the subject."""
        return reduce_network(network, self.backend.capabilities)

    @cached_property
    def engine(self) -> Engine:
        """The opened backend."""
        return self.backend.open(self.device, self.threads)

    def build(
        self,
        network: Network,
        weights: Weights | None = None,
        optimization: Optimization | None = None,
        seed: int = 1,
    ) -> Model:
        """The backend's model; random weights and `plain` if not given. Raises Unsupported."""
        optimization = optimization or self.plain
        self._require(network, optimization)
        if weights is None:
            weights = random_weights(network)
        return self.engine.build(network, weights, optimization, seed)

    def build_stacked(
        self,
        network: Network,
        weights: Sequence[Weights],
        optimization: Optimization,
        seeds: Sequence[int],
    ) -> StackedModel:
        """The backend's replicates as one. Raises Unsupported."""
        if not self.backend.capabilities.stacked:
            raise Unsupported("declared as missing: stacked")
        self._require(network, optimization)
        return self.engine.build_stacked(network, weights, optimization, seeds)

    def _require(self, network: Network, optimization: Optimization) -> None:
        if lacking := self.backend.capabilities.missing(network, optimization):
            raise Unsupported(f"declared as missing: {lacking}")

    def pair(
        self,
        network: Network,
        optimization: Optimization | None = None,
        weights: Weights | None = None,
    ) -> Pair:
        """The backend's model and the reference with the same weights. Raises Unsupported."""
        optimization = optimization or self.plain
        if weights is None:
            weights = random_weights(network)
        model = self.build(network, weights, optimization)
        return Pair(model, NumpyModel(network, weights, optimization, 1), weights)
