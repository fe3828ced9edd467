"""What an executor is: it runs trials somewhere and hands back what they left."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.cache import CachedImages
from cnnbench.errors import PluginError
from cnnbench.network.network import Weights
from cnnbench.results.details import Predictions
from cnnbench.results.failure import failure_text
from cnnbench.results.record import Epoch, Record
from cnnbench.trials.trial import Device, Trial


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial left: its record, its history, and the probabilities of the test images.

    predictions: float32, (n, classes), in the order of `rows`, which index the source's images.
    validation: those of the validation images, None without any.
    weights: every array that they were made with, where the trial keeps them.
    failure: what a record's reason has no room for, such as a traceback; stored beside the record.
    """

    record: Record
    history: tuple[Epoch, ...] = ()
    predictions: NDArray[np.float32] | None = None
    rows: NDArray[np.int64] | None = None
    labels: NDArray[np.int32] | None = None
    validation: Predictions | None = None
    weights: Weights | None = None
    environment: dict[str, object] = field(default_factory=dict)
    failure: str = ""

    def with_output(self, output: str) -> Outcome:
        """The same; of one with a failure with what its process printed last beside it."""
        if not self.failure:
            return self
        return replace(self, failure=failure_text(self.failure, output))


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


@dataclass(frozen=True, slots=True)
class TrialsAdded:
    """More trials than a run began with: a look at the results has not settled everything."""

    trials: tuple[Trial, ...]


Event = TrialStarted | EpochEnded | TrialEnded | Remark | TrialsAdded
Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """slots: trials at a time; threads: CPU threads for each; timeout: seconds a trial may take.

    exclusive: whether each has its machine alone. gpu: whether each computes on a GPU.
    """

    slots: int
    threads: int
    timeout: float | None = None
    exclusive: bool = False
    gpu: bool = False


@dataclass(frozen=True)
class Work(ABC):
    """What an executor is given to do with a trial: it is called with it, and returns its outcome.

    It can be pickled, so any process that has cnnbench and the backend's plugin can do the work: a
    process of a pool, an actor of a cluster. Both steps belong in one thread of that process, since
    frameworks keep numbers of threads for each:

        work.open()
        outcome = work(trial)

    backend, device, limits: what it opens, and how. environment: variables that have to be set
    before such a process starts, as thread pools and allocators read them only then. versions: of
    what a result depends on, by distribution, as the process has them that starts the run.
    """

    backend: str
    device: Device
    limits: Limits
    environment: Mapping[str, str]
    versions: Mapping[str, str] = field(default_factory=dict)

    @abstractmethod
    def open(self, on_wait: Callable[[str], None] | None = None) -> None:
        """Open the backend in this process, which takes as long as importing a framework.

        Does nothing where it is open. A call does it otherwise, but only apart is it known what a
        trial took. on_wait hears sentences on what keeps it waiting. Raises PluginError where the
        backend can't be opened, or where this process has other versions.
        """

    @abstractmethod
    def __call__(
        self,
        trial: Trial,
        on_epoch: Callable[[Epoch], None] | None = None,
        images: CachedImages | None = None,
    ) -> Outcome:
        """Run a trial to its end; on_epoch hears of each epoch.

        images: what `images` gave, if the executor brought them here; else they come from the cache
        of the machine, or are decoded there. Either way those of another digest than the trial was
        planned with are refused. What goes wrong in the trial is in the outcome. Raises PluginError
        as `open` does.
        """

    def together(self, trials: Sequence[Trial]) -> list[tuple[Trial, ...]]:
        """The trials in pieces for `run`, in the order in which they are to begin."""
        return [(trial,) for trial in trials]

    def run(
        self, piece: Sequence[Trial], on_epoch: Callable[[Trial, Epoch], None]
    ) -> Iterator[Outcome]:
        """Run a piece to its end, and yield the outcome of each of its trials as it ends."""
        for trial in piece:
            yield self(trial, partial(on_epoch, trial))

    @abstractmethod
    def images(self, trial: Trial) -> CachedImages:
        """The decoded images of a trial, for an executor that brings them to its workers.

        Trials with the same `trial.data`, a digest, have the same images. Their arrays can be
        pickled out of band, without a copy. Raises DataError where there are none of that digest.
        """

    @abstractmethod
    def lost(
        self,
        trial: Trial,
        reason: str,
        *,
        timeout: bool = False,
        history: Sequence[Epoch] = (),
        started: float | None = None,
        output: str = "",
    ) -> Outcome:
        """The outcome of a trial whose process died, for this reason, or overran its timeout.

        history: the epochs that were heard of. started: when, in seconds since 1970, now if None.
        output: what the process printed last.
        """


class Executor(ABC):
    """Runs trials somewhere.

        class Queue(Executor):
            name = "queue"
            description = "one after the other"

            def run(self, trials, limits, listener, work):
                work.open()
                for trial in trials:
                    listener(TrialStarted(trial, slot=0))
                    outcome = work(trial)
                    yield outcome
                    listener(TrialEnded(trial, slot=0, outcome=outcome))

    A trial that can't be run becomes a record that says why, never an exception.
    `cnnbench.testing.ExecutorSuite` proves an executor right.
    """

    name: ClassVar[str]
    """As typed after --executor."""
    argument: ClassVar[str] = ""
    """What may be typed after the name and a colon, such as ADDRESS; "" for nothing."""
    description: ClassVar[str] = ""
    """One line for `cnnbench plugins`."""
    in_process: ClassVar[bool] = False
    """Whether trials run in this very process: one at a time, of one backend, and unstoppable."""
    stacks: ClassVar[bool] = False
    """Whether it runs the pieces of `Work.together`, by `Work.run`, and not each trial alone."""

    def at(self, argument: str) -> Executor:
        """The executor for what was typed after its name and a colon. Raises PluginError."""
        raise PluginError(
            f"executor {self.name} takes nothing after its name: give --executor {self.name}, "
            f"not {self.name}:{argument}"
        )

    def slots(self) -> int | None:
        """Trials that it runs at a time unless --jobs says; None for one a core of this machine."""
        return None

    def gpu_slots(self) -> int | None:
        """The same for trials that compute on a GPU; None for one."""
        return None

    @contextmanager
    def session(self) -> Iterator[Executor]:
        """What a study is run on that runs in rounds, as its results decide how it goes on.

        By default the executor itself. One whose workers take long to start may keep them from one
        run to the next, until the end of the session.
        """
        yield self

    @abstractmethod
    def run(
        self, trials: Sequence[Trial], limits: Limits, listener: Listener, work: Work
    ) -> Generator[Outcome]:
        """Yield an outcome per trial as each ends; on close, stop what still runs.

        trials: at least one, all of one backend and device. limits: what none may exceed; a timeout
        counts from when a worker with an open backend takes up the trial, and exclusive trials have
        their machine alone. work: what runs one of them. The outcome is on the disk when the
        generator is resumed: only then tell the listener that the trial ended. A trial whose worker
        dies is lost, not tried again: what killed one would kill the next. Raises PluginError where
        the backend can't be opened anywhere.
        """
