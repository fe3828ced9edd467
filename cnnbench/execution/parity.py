"""The same trials on several backends, each in a process of its own, one backend after another."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
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

    One thread each: the order of additions depends on the threads. Nothing is recorded.
    Raises PluginError if a backend can't be opened or its process dies.
    """
    for number, study in enumerate(prepared.studies):
        backend = plugins.backend(study.backend)
        yield from _probe(backend, study.trials, listener, nudged=number == 0)


def _probe(
    backend: Backend, trials: Sequence[Trial], listener: Callable[[Trial], None], *, nudged: bool
) -> Iterator[Probe]:
    inbox: Inbox = queue.SimpleQueue()
    device = trials[0].device
    worker = WorkerProcess(
        0, backend.name, device, Limits(1, 1), backend.environment(device, 1), inbox=inbox
    )
    try:
        _receive(inbox, backend, "ready")
        for trial in trials:
            listener(trial)
            worker.probe(trial, nudged=nudged)
            yield unpack_probe(_receive(inbox, backend, "probe"))
    finally:
        worker.kill()


def _receive(inbox: Inbox, backend: Backend, kind: str) -> dict[str, Any]:
    worker, message = inbox.get()
    if message is None:
        raise PluginError(f"the process of backend {backend.name} died: {worker.last_words()}")
    if message["kind"] == "refused":
        raise PluginError(message["reason"])
    assert message["kind"] == kind, f"expected {kind}, got {message['kind']}"
    return message
