"""What an executor is: it runs trials somewhere and hands back what they left."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.network import Weights
from cnnbench.results.record import Epoch, Record
from cnnbench.trials.trial import Device, Trial


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial left: its record, its history, and the probabilities of the test images.

    predictions: float32, (n, classes), in the order of `rows`, which index the source's images.
    weights: every array that they were made with, where the trial keeps them.
    failure: what a record's reason has no room for, such as a traceback; stored beside the record.
    """

    record: Record
    history: tuple[Epoch, ...] = ()
    predictions: NDArray[np.float32] | None = None
    rows: NDArray[np.int64] | None = None
    labels: NDArray[np.int32] | None = None
    weights: Weights | None = None
    environment: dict[str, object] = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """A slot took up a trial."""

    trial: Trial
    slot: int


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """A trial finished an epoch."""

    trial: Trial
    slot: int
    epoch: Epoch


@dataclass(frozen=True, slots=True)
class TrialEnded:
    """A trial left its outcome."""

    trial: Trial
    slot: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Remark:
    """Something of the run itself that a person who waits should know, a sentence."""

    text: str


Event = TrialStarted | EpochEnded | TrialEnded | Remark
Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """slots: trials at a time; threads: CPU threads for each; timeout: seconds a trial may take."""

    slots: int
    threads: int
    timeout: float | None = None
    exclusive: bool = False


@dataclass(frozen=True)
class Work(ABC):
    """What an executor is given to do with a trial: it is called with it, and returns its outcome.

    It can be pickled, so any process that has cnnbench and the backend's plugin can do the work: a
    process of a pool, an actor of a cluster. The first call in a process opens the backend, which
    takes the seconds that importing a framework takes; those after it go on with the same. The
    images come from the cache of the machine, or are decoded there, and are refused where they are
    not those that the trial was planned with.

    backend, device, limits: what it opens, and how. environment: variables that have to be set
    before such a process starts, as thread pools and allocators read them only then.
    """

    backend: str
    device: Device
    limits: Limits
    environment: Mapping[str, str]

    @abstractmethod
    def __call__(self, trial: Trial, on_epoch: Callable[[Epoch], None] | None = None) -> Outcome:
        """Run a trial to its end; on_epoch hears of each epoch.

        What goes wrong in the trial is in the outcome. Raises PluginError where the backend can't
        be opened.
        """

    @abstractmethod
    def lost(self, trial: Trial, reason: str, *, timeout: bool = False) -> Outcome:
        """The outcome of a trial whose process died, for this reason, or overran its timeout."""


class Executor(ABC):
    """Runs trials somewhere.

        class Queue(Executor):
            name = "queue"
            description = "one after the other"

            def run(self, trials, limits, listener, work):
                for trial in trials:
                    listener(TrialStarted(trial, slot=0))
                    outcome = work(trial)
                    yield outcome
                    listener(TrialEnded(trial, slot=0, outcome=outcome))

    A trial that can't be run becomes a record that says why, never an exception.
    """

    name: ClassVar[str]
    """As typed after --executor."""
    description: ClassVar[str] = ""
    """One line for `cnnbench plugins`."""
    in_process: ClassVar[bool] = False
    """Whether trials run in this very process: one at a time, of one backend, and unstoppable."""

    def slots(self) -> int | None:
        """Trials that it runs at a time unless --jobs says; None for one a core of this machine."""
        return None

    @abstractmethod
    def run(
        self, trials: Sequence[Trial], limits: Limits, listener: Listener, work: Work
    ) -> Generator[Outcome]:
        """Yield an outcome per trial as each ends; on close, stop what still runs.

        trials: at least one, all of one backend and device. work: what runs one of them. The
        outcome is on the disk when the generator is resumed: only then tell the listener that the
        trial ended.
        """
