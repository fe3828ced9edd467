"""A process of ours as its starter sees it: it hears requests and answers them."""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any

from cnnbench.execution.channel import decode, encode, handed_over
from cnnbench.execution.relay import take_up
from cnnbench.processes import sealed

LOGGER = logging.getLogger(__name__)

Inbox = queue.SimpleQueue[tuple["WorkerProcess", dict[str, Any] | None]]
"""Messages of all workers; None when one has ended, however it did."""

_LOG_TAIL = 4000
"""Bytes of what was printed last."""
_GRACE = 5.0
"""Seconds between the ends of a process and of its line: what it started itself may hold the line
open, and one that hangs up need not end."""


class WorkerProcess:
    """Starts `python -m MODULE` and puts what it says into the inbox; see `channel`.

    environment: variables on top of this process's. Raises OSError if no process can be started.
    """

    def __init__(self, module: str, environment: Mapping[str, str], inbox: Inbox) -> None:
        self._inbox = inbox
        self._nonsense = ""
        self._log = tempfile.TemporaryFile(prefix="cnnbench-worker-")  # noqa: SIM115 - the worker's life
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        self._requests = os.fdopen(ours_out, "wb")
        self._answers = os.fdopen(ours_in, "rb")
        try:
            numbers, options = handed_over([theirs_in, theirs_out])
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", module, *numbers],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=sealed({**os.environ, **environment}),
                **options,
            )
        except BaseException:
            self._requests.close()
            self._answers.close()
            self._log.close()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        LOGGER.info("process %d started: %s", self._process.pid, module)
        listening = threading.Thread(target=self._listen, daemon=True)
        listening.start()
        threading.Thread(target=self._await, args=(listening,), daemon=True).start()

    def send(self, kind: str, **content: Any) -> None:
        """Say something; that it has died is noticed in the inbox."""
        try:
            self._requests.write(encode(kind, **content))
            self._requests.flush()
        except OSError:
            return

    @property
    def alive(self) -> bool:
        """Whether it runs still."""
        return self._process.poll() is None

    def kill(self, nonsense: object = "") -> None:
        """End it now and wait until it is gone. nonsense: what it said, if that is why."""
        self._nonsense = self._nonsense or str(nonsense)
        if self._process.poll() is None:
            LOGGER.info(
                "process %d is ended%s", self._process.pid, f": {nonsense}" * bool(nonsense)
            )
        self._process.kill()
        self._process.wait()

    def last_words(self) -> str:
        """How it died, and the last line it printed."""
        code = self._process.wait()
        how = f"signal {_signal_name(-code)}" if code < 0 else f"exit code {code}"
        if self._nonsense:
            how = f"ended, as it talked nonsense: {self._nonsense}"
        said = [line.strip() for line in self.log().split("\n") if line.strip()]
        return how + (f"; its last line: {said[-1]}" if said else "")

    def log(self, most: int = _LOG_TAIL) -> str:
        """The end of what it printed, so many bytes at most."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - most))
        return self._log.read().decode(errors="replace")

    def _listen(self) -> None:
        for line in self._answers:
            try:
                message = decode(line)
                if message["kind"] == "log":
                    take_up(message, self._process.pid)
                    continue
            except ValueError as error:
                if line.endswith(b"\n"):  # else it was torn by its death
                    self.kill(error)
                return
            self._inbox.put((self, message))
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self.kill("it hung up")

    def _await(self, listening: threading.Thread) -> None:
        self._process.wait()
        listening.join(_GRACE)
        self._inbox.put((self, None))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # those for real-time use have no names
        return str(number)
