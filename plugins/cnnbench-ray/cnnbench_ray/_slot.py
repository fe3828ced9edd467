"""A slot of the run: its actor, what it waits for, and the trial it has."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cnnbench.plugin import Epoch, Limits, PluginError, Trial, Work
from cnnbench_ray._cluster import Node, living_nodes
from cnnbench_ray._logs import tail_on
from cnnbench_ray._trainer import Arrival, Trainer


class State(Enum):
    """What a slot waits for: a place and a process, the backend, or a trial's next message."""

    ARRIVING = auto()
    OPENING = auto()
    TRAINING = auto()
    IDLE = auto()


@dataclass(slots=True)
class Slot:
    """waited: the reference that comes next, None if idle. since: on the monotonic clock."""

    number: int
    actor: Any
    waited: Any
    state: State = State.ARRIVING
    since: float = field(default_factory=time.monotonic)
    told: bool = False
    arrival: Arrival | None = None
    trial: Trial | None = None
    started: float = 0.0
    history: list[Epoch] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Its machine, as far as it is known."""
        return self.arrival.host if self.arrival else "a machine of the cluster"

    def enter(self, state: State, waited: Any) -> None:
        """Wait for the next thing."""
        self.state, self.waited, self.since, self.told = state, waited, time.monotonic(), False

    def waits(self) -> float:
        """For how many seconds it has."""
        return time.monotonic() - self.since

    def open(self, work: Work) -> None:
        """Have the backend opened."""
        self.enter(State.OPENING, self.actor.open.remote(work))

    def train(self, trial: Trial, images: Sequence[Any]) -> None:
        """Have a trial trained."""
        self.trial, self.started, self.history = trial, time.time(), []
        streaming = self.actor.train.options(num_returns="streaming")
        self.enter(State.TRAINING, streaming.remote(trial, images))

    def rest(self) -> None:
        """Be without a trial."""
        self.trial = None
        self.enter(State.IDLE, None)

    def next(self) -> Any:
        """What it waited for, which is there. Raises what Ray does where the actor is gone."""
        if self.state is not State.TRAINING:
            return ray.get(self.waited)
        return ray.get(next(self.waited))

    def output(self) -> str:
        """What its process printed last, and where that stands; "" where nobody can tell."""
        return tail_on(self.arrival.node, self.arrival.logs) if self.arrival else ""

    def kill(self) -> None:
        """End the actor's process."""
        ray.kill(self.actor, no_restart=True)


def start(number: int, limits: Limits, work: Work, names: Sequence[str]) -> Slot:
    """A slot whose actor is on its way. Raises PluginError where no node can ever take it."""
    made = ray.remote(Trainer).options(
        # An actor that is started anew by Ray was seen to spin for minutes where its node is gone.
        max_restarts=0,
        max_task_retries=0,
        runtime_env={"env_vars": dict(work.environment)},
        **_place(limits, living_nodes()),
    )
    actor = made.remote()
    return Slot(number, actor, actor.arrive.remote(list(names)))


def _place(limits: Limits, nodes: Sequence[Node]) -> Mapping[str, Any]:
    """What an actor asks for: its threads, its share of a GPU, or a whole node if exclusive."""
    gpus = sum(node.resources.get("GPU", 0.0) for node in nodes)
    share = min(1.0, gpus / limits.slots) if limits.gpu else 0.0
    fitting = [
        node
        for node in nodes
        if node.resources.get("CPU", 0.0) >= limits.threads
        and (not limits.gpu or node.resources.get("GPU", 0.0) > 0)
    ]
    if not fitting:
        gpu = " and a GPU" if limits.gpu else ""
        raise PluginError(
            f"no node of the Ray cluster has {limits.threads} CPUs{gpu}, which a trial was to get; "
            "--jobs says how many trials share a machine"
        )
    if not limits.exclusive:
        return {"num_cpus": limits.threads, "num_gpus": share}
    node = max(fitting, key=lambda each: each.resources["CPU"])
    return {
        "num_cpus": node.resources["CPU"],
        "num_gpus": node.resources.get("GPU", 0.0),
        "scheduling_strategy": NodeAffinitySchedulingStrategy(node.identity, soft=False),
    }
