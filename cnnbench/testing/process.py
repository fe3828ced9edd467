"""Checks in a process of their own, started with the environment that the backend asks for."""

from __future__ import annotations

import queue
from typing import Any, Self

from cnnbench.errors import PluginError
from cnnbench.execution.opening import SHORT_OPENING
from cnnbench.execution.process import Inbox, WorkerProcess
from cnnbench.testing.finding import Check, CheckResult, Finding
from cnnbench.testing.target import find_backend, search_path

PATIENCE = 120.0
"""Seconds a check may take; a backend that hangs fails it."""


class _NoAnswerError(Exception):
    """The process will not answer. log: the last of what it printed."""

    def __init__(self, reason: str, log: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.log = log


class CheckProcess:
    """Runs checks by name; a backend that kills the process or hangs fails that check alone.

    Use as a context manager, or call `close`.
    """

    def __init__(
        self, target: str, device: str = "cpu", threads: int = 1, patience: float = PATIENCE
    ) -> None:
        self._opening = {"target": target, "device": device, "threads": threads}
        self._environment = find_backend(target).environment(device, threads)
        self._patience = patience
        self._inbox: Inbox = queue.SimpleQueue()
        self._worker: WorkerProcess | None = None

    def run(self, check: Check) -> Finding:
        """The finding of one check, in a process that is started when needed.

        Raises PluginError if the backend refuses the device.
        """
        try:
            worker = self._worker or self._open()
            worker.send("check", name=check.name)
            fields = self._answer("finding", self._patience)["finding"]
        except _NoAnswerError as lost:
            self.close()
            return Finding(
                check.name, check.about, CheckResult.FAILED, lost.reason, traceback=lost.log
            )
        return Finding(**{**fields, "verdict": CheckResult(fields["verdict"])})

    def close(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _open(self) -> WorkerProcess:
        worker = WorkerProcess("cnnbench.testing.worker", self._environment, self._inbox)
        self._worker = worker
        worker.send("open", path=search_path(), **self._opening)
        self._answer("ready", max(self._patience, SHORT_OPENING))
        return worker

    def _answer(self, kind: str, patience: float) -> dict[str, Any]:
        """What the process says. Raises _NoAnswerError, PluginError if the device is refused."""
        assert self._worker is not None, "it was asked something"
        while True:
            try:
                worker, message = self._inbox.get(timeout=patience)
            except queue.Empty:
                what = "the check" if kind == "finding" else "opening the backend"
                why = f"{what} did not end within {patience:g} s"
                raise _NoAnswerError(why, self._worker.log()) from None
            if worker is not self._worker:
                continue  # ended earlier
            if message is None:
                why = f"the process ended during the check: {worker.last_words()}"
                raise _NoAnswerError(why, worker.log())
            if message["kind"] == "refused":
                raise PluginError(message["reason"])
            if message["kind"] == kind:
                return message
