"""The same trials on several backends, each in a process of its own, one backend after another."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cnnbench.errors import PluginError
from cnnbench.execution.process import Inbox, WorkerProcess
from cnnbench.execution.protocol import unpack_probe
from cnnbench.execution.run import Prepared, RunOptions, prepare
from cnnbench.plugin.backend import Backend
from cnnbench.plugin.executor import Limits
from cnnbench.plugin.plugins import Plugins
from cnnbench.results.probe import Probe
from cnnbench.training.probe import blank_probe
from cnnbench.trials.trial import Device, Trial


def prepare_parity(
    path: Path,
    backends: Sequence[str],
    plugins: Plugins,
    device: Device,
    *,
    overrides: Sequence[str] = (),
    data: str | None = None,
) -> Prepared:
    """Read and check the recipe for one replicate on each backend.

    Raises PluginError for fewer than two backends, and all that `prepare` raises.
    """
    if len(set(backends)) < 2:  # noqa: PLR2004 - a comparison needs two
        raise PluginError("parity needs at least two backends: repeat --backend")
    options = RunOptions(device=device, force=True)
    one = [*overrides, "replicates=1"]
    return prepare(path, backends, plugins, options, overrides=one, data=data)


def probe_backends(
    prepared: Prepared, plugins: Plugins, listener: Callable[[Trial], None]
) -> Iterator[Probe]:
    """Probe every trial on every backend; the first backend is the reference and is nudged too.

    One thread each: the order of additions depends on the threads. Nothing is recorded. A backend
    that can't be opened, or whose process dies, gives probes with the reason.
    """
    for number, study in enumerate(prepared.studies):
        backend = plugins.backend(study.backend)
        yield from _probe(backend, study.trials, listener, nudged=number == 0)


def _probe(
    backend: Backend, trials: Sequence[Trial], listener: Callable[[Trial], None], *, nudged: bool
) -> Iterator[Probe]:
    waiting = deque(trials)
    while waiting:
        with _worker(backend, waiting[0].device) as (worker, inbox):
            opening = _receive(inbox)
            if opening["kind"] != "ready":
                yield from (blank_probe(trial, opening["reason"]) for trial in waiting)
                return
            alive = True
            while waiting and alive:
                trial = waiting.popleft()
                listener(trial)
                worker.probe(trial, nudged=nudged)
                answer = _receive(inbox)
                alive = answer["kind"] == "probe"
                yield unpack_probe(answer) if alive else blank_probe(trial, answer["reason"])


@contextmanager
def _worker(backend: Backend, device: Device) -> Iterator[tuple[WorkerProcess, Inbox]]:
    inbox: Inbox = queue.SimpleQueue()
    environment = backend.environment(device, 1)
    worker = WorkerProcess(0, backend.name, device, Limits(1, 1), environment, inbox=inbox)
    try:
        yield worker, inbox
    finally:
        worker.kill()


def _receive(inbox: Inbox) -> dict[str, Any]:
    """What the worker says, or, of kind "died", how it ended."""
    worker, message = inbox.get()
    if message is None:
        reason = f"the worker process died: {worker.last_words()}"
        return {"kind": "died", "reason": reason}
    return message
