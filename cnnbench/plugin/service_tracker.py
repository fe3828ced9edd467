"""A plugin that reports to a tracking service, as an object whose methods are the hooks."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable

from cnnbench.plugin.hooks import hookimpl
from cnnbench.plugin.outbox import Outbox
from cnnbench.plugin.run_ended import RunEnded
from cnnbench.results.record import Epoch, Record
from cnnbench.trials.trial import Trial


class TrackingService(ABC):
    """What a service is sent; called in one thread, in the order in which it happens.

        class Sending(TrackingService):
            def begin(self, trial):
                server.begin(trial.id, flat_settings(trial))

            def step(self, trial, epoch):
                server.log(trial.id, epoch.loss)

            def end(self, trial, record):
                server.end(trial.id, flat_results(record))

            def compare(self, run):
                server.keep(run.recipe, run.rows(), run.page())

    It may raise whatever the service's client raises.
    """

    @abstractmethod
    def begin(self, trial: Trial) -> None:
        """A trial is about to train."""

    @abstractmethod
    def step(self, trial: Trial, epoch: Epoch) -> None:
        """A trial finished an epoch."""

    @abstractmethod
    def end(self, trial: Trial, record: Record) -> None:
        """A trial left its record; one that failed early may not have begun."""

    @abstractmethod
    def compare(self, run: RunEnded) -> None:
        """A run is over."""


class ServiceTracker:
    """The hooks of trials and runs, where a variable of the environment asks for them.

        TRACKER = ServiceTracker(
            "the server", "SERVER_URL", connect=Sending, seconds=60, interface="1.1"
        )

    An entry point names the object: `server = "cnnbench_server:TRACKER"`. Sending is done beside
    the training; only the end of a run waits for it, so many seconds at most.
    """

    def __init__(
        self,
        name: str,
        variable: str,
        connect: Callable[[], TrackingService],
        *,
        seconds: float,
        interface: str,
    ) -> None:
        """variable: without it nothing is sent, so that having the plugin changes nothing.

        name: of the service, for sentences. connect: called when something is sent, once; what it
        needs is imported there. interface: the version that the plugin is written for.
        """
        self.CNNBENCH_INTERFACE = interface
        self.variable = variable
        self.seconds = seconds
        self.outbox = Outbox(name)
        self._connect = connect
        self._service: TrackingService | None = None

    @hookimpl
    def cnnbench_trial_started(self, trial: Trial) -> None:
        """Send that it begins."""
        self._send(lambda service: service.begin(trial))

    @hookimpl
    def cnnbench_epoch_ended(self, trial: Trial, epoch: Epoch) -> None:
        """Send the epoch."""
        self._send(lambda service: service.step(trial, epoch))

    @hookimpl
    def cnnbench_trial_ended(self, trial: Trial, record: Record) -> None:
        """Send the record."""
        self._send(lambda service: service.end(trial, record))

    @hookimpl
    def cnnbench_run_ended(self, run: RunEnded) -> None:
        """Send what came of it, and wait for all that is still to be sent."""
        self._send(lambda service: service.compare(run))
        self.outbox.flush(self.seconds)

    def _send(self, call: Callable[[TrackingService], None]) -> None:
        if os.environ.get(self.variable):
            self.outbox.send(lambda: call(self._connected()))

    def _connected(self) -> TrackingService:
        """The service; asked for in the outbox's thread alone."""
        if self._service is None:
            self._service = self._connect()
        return self._service
