"""What a job says, as numbered files of a folder that it shares with whoever submitted it."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cnnbench.plugin import PluginError, Trial, Work

_STOP = "stop"
_TICK = 0.2


class Messages:
    """Each is written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def say(self, message: Any) -> None:
        """Add one."""
        partial = self._folder / "partial"
        partial.write_bytes(pickle.dumps(message))
        partial.replace(self._place())
        self._count += 1

    def new(self) -> Iterator[Any]:
        """Those that were not read before, in order."""
        while self._place().exists():
            content = self._place().read_bytes()
            self._count += 1
            yield pickle.loads(content)  # noqa: S301 - of our own job

    def stop(self) -> None:
        """Have the job end itself."""
        (self._folder / _STOP).touch()

    def end_when_stopped(self) -> None:
        """End this process when it is to stop, or when nobody keeps the folder any more."""

        def watch() -> None:
            while self._folder.exists() and not (self._folder / _STOP).exists():
                time.sleep(_TICK)
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()

    def _place(self) -> Path:
        return self._folder / f"{self._count:06d}"


def train(work: Work, trial: Trial, folder: str) -> None:
    """The job: open the backend, train the trial, and say what comes of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what Ctrl-C means the run decides
    messages = Messages(Path(folder))
    messages.end_when_stopped()
    try:
        work.open()
    except PluginError as error:
        messages.say(error)
        return
    messages.say("open")
    outcome = work(trial, messages.say)
    sys.stdout.flush()  # as what it printed is read when the outcome is
    messages.say(outcome)
