"""Telling a service what happens without making the run wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from cnnbench.errors import PluginError

Call = Callable[[], object]


class Outbox:
    """Calls that a thread of its own makes, one after the other, in the order given.

        OUTBOX = Outbox("the tracking server")

        @hookimpl
        def cnnbench_epoch_ended(trial, epoch):
            OUTBOX.send(lambda: server.log(trial.id, epoch.loss))

        @hookimpl
        def cnnbench_run_ended(run):
            OUTBOX.flush(seconds=30)

    Once a call fails, those behind it are dropped, and the next `send` or `flush` raises
    PluginError, so that cnnbench says why and tells the plugin nothing more. After that the outbox
    is as new.
    """

    def __init__(self, service: str) -> None:
        """service: what sentences call it."""
        self._service = service
        self._line: _Line | None = None

    def send(self, call: Call) -> None:
        """Have it called, later. Raises PluginError if an earlier call failed."""
        self._check()
        if self._line is None:
            self._line = _Line()
            self._line.start()
        self._line.waiting.put(call)

    def flush(self, seconds: float) -> None:
        """Wait until all was called, so long at most.

        Raises PluginError if a call failed, or if some still wait then, which are dropped.
        """
        if self._line is None:
            return
        reached = threading.Event()
        self._line.waiting.put(reached)
        if reached.wait(seconds):
            self._check()
        else:
            self._close()
            raise PluginError(f"{self._service} did not take everything within {seconds:g} seconds")

    def _check(self) -> None:
        if self._line is not None and self._line.error is not None:
            error = self._line.error
            self._close()
            text = f"{self._service} failed: {type(error).__name__}: {error}"
            raise PluginError(text) from error

    def _close(self) -> None:
        if self._line is not None:
            self._line.dropping = True
            self._line.waiting.put(None)
            self._line = None


class _Line(threading.Thread):
    """The thread; a daemon, since a service that hangs must not keep the program from ending.

    waiting: calls, marks that are set when they are reached, and None at the end.
    """

    def __init__(self) -> None:
        super().__init__(name="outbox", daemon=True)
        self.waiting: SimpleQueue[Call | threading.Event | None] = SimpleQueue()
        self.error: BaseException | None = None
        self.dropping = False

    def run(self) -> None:
        """Make the calls; after one that fails, none."""
        while (item := self.waiting.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
            elif not self.dropping:
                try:
                    item()
                except BaseException as error:  # noqa: BLE001 - a service's client may even exit
                    self.error, self.dropping = error, True
