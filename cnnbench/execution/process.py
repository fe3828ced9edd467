"""One worker process as its starter sees it."""

from __future__ import annotations

import dataclasses
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any

from cnnbench.errors import PluginError
from cnnbench.execution.protocol import decode, encode
from cnnbench.plugin.backend import Backend
from cnnbench.plugin.executor import Limits
from cnnbench.trials.trial import Device, Trial

Inbox = queue.SimpleQueue[tuple["WorkerProcess", dict[str, Any] | None]]
"""Messages of all workers; None when a worker's output has ended, that is, when it died."""

OPENING_LIMIT = 600.0
"""Seconds that opening a backend may take: frameworks take minutes where the disk is slow."""
_LOG_TAIL = 2000


class WorkerProcess:
    """Starts a worker and puts what it says into the inbox."""

    def __init__(
        self,
        slot: int,
        backend: str,
        device: Device,
        limits: Limits,
        environment: Mapping[str, str],
        *,
        inbox: Inbox,
    ) -> None:
        self.slot = slot
        self._log = tempfile.TemporaryFile(prefix="cnnbench-worker-")  # noqa: SIM115 - the worker's life
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cnnbench.execution.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **environment},
        )
        threading.Thread(target=self._listen, args=(inbox,), daemon=True).start()
        self._send("open", backend=backend, device=device, limits=dataclasses.asdict(limits))

    def give(self, trial: Trial) -> None:
        """Hand over the next trial; a worker that has died is noticed in the inbox."""
        self._send("trial", trial=trial.model_dump_json())

    def probe(self, trial: Trial, *, nudged: bool) -> None:
        """Have a trial's first epoch taken apart."""
        self._send("probe", trial=trial.model_dump_json(), nudged=nudged)

    def kill(self) -> None:
        """End it now and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def last_words(self) -> str:
        """How it died, and the last line it printed."""
        code = self._process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - _LOG_TAIL))
        lines = self._log.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return how + (f"; its last line: {said[-1]}" if said else "")

    def _send(self, kind: str, **content: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(encode(kind, **content))
            self._process.stdin.flush()
        except OSError:
            return

    def _listen(self, inbox: Inbox) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                message = decode(line)
            except ValueError:
                break  # torn by its death
            inbox.put((self, message))
        inbox.put((self, None))


def hung_opening(backend: Backend) -> PluginError:
    """What to raise when a worker has not opened its backend within the limit."""
    return PluginError(
        f"backend {backend.name} was not open after {OPENING_LIMIT:g} s; "
        "try --executor inline to see where it waits"
    )
