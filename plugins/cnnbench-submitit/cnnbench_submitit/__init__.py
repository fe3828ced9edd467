"""Trials as Slurm jobs; submitit itself is imported only when it is used."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from typing import ClassVar

from cnnbench.plugin import (
    Executor,
    Limits,
    Listener,
    Outcome,
    PluginError,
    Trial,
    Work,
    hookimpl,
    nearest,
)

CNNBENCH_INTERFACE = "1.2"
"""The version of cnnbench's plugin interface that this plugin is written for."""
CLUSTERS = ("slurm", "local")


class SubmititExecutor(Executor):
    """A job for each trial.

    cluster: "slurm" or "local", which are processes of this machine; "" for Slurm where there is
    one, else local.
    """

    name: ClassVar[str] = "submitit"
    argument: ClassVar[str] = "|".join(CLUSTERS)
    description: ClassVar[str] = "a Slurm job for each trial"

    def __init__(self, cluster: str = "") -> None:
        self.cluster = cluster

    def at(self, argument: str) -> Executor:
        """On that kind of cluster. Raises PluginError for others."""
        if argument not in CLUSTERS:
            near = nearest(argument, CLUSTERS)
            meant = f", did you mean {near!r}?" if near else ": expected slurm or local"
            raise PluginError(f"executor submitit knows no cluster {argument!r}{meant}")
        return SubmititExecutor(argument)

    def run(
        self, trials: Sequence[Trial], limits: Limits, listener: Listener, work: Work
    ) -> Generator[Outcome]:
        """Yield outcomes as jobs end.

        Raises PluginError where no job can be submitted, or a job can't open the backend.
        """
        from cnnbench_submitit._jobs import Jobs

        with closing(Jobs(self.cluster, trials, limits, listener, work)) as jobs:
            yield from jobs.outcomes()


@hookimpl
def cnnbench_executors() -> Iterable[Executor]:
    """The executor."""
    return [SubmititExecutor()]
