"""Checks in a process of their own, started with the environment that the backend asks for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from threading import Timer
from types import TracebackType
from typing import Self

from cnnbench.errors import PluginError
from cnnbench.testing.finding import Check, Finding, Verdict
from cnnbench.testing.target import find_backend, search_path

PATIENCE = 120.0
"""Seconds a check may take; a backend that hangs fails it."""


class CheckProcess:
    """Runs checks by name; a backend that kills the process or hangs fails that check alone.

    Use as a context manager, or call `close`.
    """

    def __init__(
        self, target: str, device: str = "cpu", threads: int = 1, patience: float = PATIENCE
    ) -> None:
        self.command = [
            sys.executable, "-m", "cnnbench.testing.worker", target, device, str(threads)
        ]  # fmt: skip
        wanted = find_backend(target).environment(device, threads)
        self.environment = {**os.environ, **wanted, "PYTHONPATH": search_path()}
        self.patience = patience
        self.process: subprocess.Popen[str] | None = None
        self.log = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - closed in close

    def run(self, check: Check) -> Finding:
        """The finding of one check, in a process that is started when needed.

        Raises PluginError if the backend refuses the device.
        """
        if self.process is None:
            self.process = self._start()
        process = self.process
        assert process.stdin is not None, "opened as a pipe"
        assert process.stdout is not None, "same"
        timer = Timer(self.patience, process.kill)
        timer.start()
        try:
            process.stdin.write(f"{check.name}\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        late = timer.finished.is_set()
        timer.cancel()
        if answer:
            fields = json.loads(answer)
            if "refusal" in fields:
                raise PluginError(fields["refusal"])
            return Finding(**{**fields, "verdict": Verdict(fields["verdict"])})
        self._stop()
        why = self._why(process, late=late)
        return Finding(check.name, check.about, Verdict.FAILED, why, traceback=self._log())

    def close(self) -> None:
        """End the process."""
        self._stop()
        self.log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - our own module
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=self.environment,
            text=True,
        )

    def _stop(self) -> None:
        if self.process is None:
            return
        process, self.process = self.process, None
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _why(self, process: subprocess.Popen[str], *, late: bool) -> str:
        if late:
            return f"the check did not end within {self.patience:g} s"
        lines = [line for line in self._log().splitlines() if line.strip()]
        last = f": {lines[-1].strip()}" if lines else ""
        return f"the process ended during the check with status {process.returncode}{last}"

    def _log(self) -> str:
        """The last of what the process wrote to its error stream."""
        self.log.seek(0)
        return self.log.read()[-4000:]
