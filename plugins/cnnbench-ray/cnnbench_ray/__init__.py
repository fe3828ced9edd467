"""Trials on a Ray cluster; ray itself is imported only when it is used."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from typing import ClassVar

from cnnbench.plugin import Executor, Limits, Listener, Outcome, Trial, Work, hookimpl

CNNBENCH_INTERFACE = "1.2"
"""The version of cnnbench's plugin interface that this plugin is written for."""
ADDRESS = "CNNBENCH_RAY_ADDRESS"
"""Environment variable: the cluster, where no address is given."""


class RayExecutor(Executor):
    """An actor for each slot, which keeps its backend open.

    address: of a running cluster, "HOST:PORT" or "auto"; what the environment variable says if "",
    and if that is nothing a node of its own on this machine, which ends with the run.
    """

    name: ClassVar[str] = "ray"
    argument: ClassVar[str] = "ADDRESS"
    description: ClassVar[str] = "actors of a Ray cluster, or of a node of its own on this machine"

    def __init__(self, address: str = "") -> None:
        self._given = address

    @property
    def address(self) -> str:
        """Of the cluster, "" for a node of its own."""
        return self._given or os.environ.get(ADDRESS, "")

    def at(self, argument: str) -> Executor:
        """On the cluster of that address."""
        return RayExecutor(argument)

    def slots(self) -> int | None:
        """One a CPU of the cluster; of a node of its own as many as `local` has."""
        return self._count("CPU")

    def gpu_slots(self) -> int | None:
        """One a GPU of the cluster."""
        return self._count("GPU")

    def run(
        self, trials: Sequence[Trial], limits: Limits, listener: Listener, work: Work
    ) -> Generator[Outcome]:
        """Yield outcomes as they come.

        Raises PluginError where no cluster answers, or no actor comes up with the backend open.
        """
        from cnnbench_ray._cluster import connected
        from cnnbench_ray._pool import Pool

        with (
            connected(self.address, limits),
            closing(Pool(trials, limits, listener, work)) as pool,
        ):
            yield from pool.outcomes()

    def _count(self, resource: str) -> int | None:
        if not self.address:
            return None
        from cnnbench_ray._cluster import connected, living_nodes

        with connected(self.address):
            return max(1, sum(int(node.resources.get(resource, 0)) for node in living_nodes()))


@hookimpl
def cnnbench_executors() -> Iterable[Executor]:
    """The executor."""
    return [RayExecutor()]
