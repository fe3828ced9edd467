"""The same trials on several backends, each in a process of its own, one backend after another."""

from __future__ import annotations

import logging
import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cnnbench.data.sources.streamed import Watcher, nobody
from cnnbench.errors import PluginError
from cnnbench.execution.opening import OPENING_LIMIT, hung, open_worker
from cnnbench.execution.process import Inbox, WorkerProcess
from cnnbench.execution.work import work_of
from cnnbench.loading.plugins import Plugins
from cnnbench.parity.epoch import blank_probe
from cnnbench.parity.probe import Probe
from cnnbench.parity.work import probe_here, unpack_probe
from cnnbench.planning.backends import backends_meant
from cnnbench.planning.prepare import Prepared, RunOptions, prepare
from cnnbench.plugin.executor import Limits, Work
from cnnbench.trials.trial import Device, Trial

LOGGER = logging.getLogger(__name__)

WORK = f"{probe_here.__module__}:{probe_here.__name__}"


def prepare_parity(
    path: Path,
    backends: Sequence[str],
    plugins: Plugins,
    device: Device,
    *,
    overrides: Sequence[str] = (),
    data: str | None = None,
    watch: Watcher = nobody,
) -> Prepared:
    """Read and check the recipe for one replicate on each backend.

    Raises PluginError for fewer than two backends, and all that `prepare` raises.
    """
    names = backends_meant(plugins, backends)[0] if backends else []
    if len(names) < 2:  # noqa: PLR2004 - a comparison needs two
        raise PluginError("parity needs at least two backends: repeat --backend")
    options = RunOptions(device=device, force=True)
    one = [*overrides, "replicates=1"]
    return prepare(path, names, plugins, options, overrides=one, data=data, watch=watch)


def probe_backends(
    prepared: Prepared, plugins: Plugins, listener: Callable[[Trial], None]
) -> Iterator[Probe]:
    """Probe every trial on every backend; the first backend is the reference and is nudged too.

    One thread each: the order of additions depends on the threads. Nothing is recorded. A backend
    that can't be opened, or whose process dies, gives probes with the reason.
    """
    for number, study in enumerate(prepared.studies):
        backend = plugins.backend(study.backend)
        work = work_of(backend, study.trials[0].device, Limits(1, 1), plugins)
        # Of the networks of an ensemble the first will do: the others differ in their seeds alone.
        # What a base of the study would bring is no matter either: the seed's arrays will do.
        alike = (trial.model_copy(update={"starts_from": ""}) for trial in reversed(study.trials))
        first = {(trial.variant, trial.fold): trial for trial in alike}
        yield from _probe(work, [*first.values()][::-1], listener, nudged=number == 0)


def _probe(
    work: Work, trials: Sequence[Trial], listener: Callable[[Trial], None], *, nudged: bool
) -> Iterator[Probe]:
    waiting = deque(trials)
    while waiting:
        with _worker(work) as (worker, inbox):
            try:
                _answer("ready", inbox, OPENING_LIMIT)
            except queue.Empty:
                reason = hung(work.backend, OPENING_LIMIT)
                yield from (blank_probe(trial, reason) for trial in waiting)
                return
            except _NoAnswer as lost:
                yield from (blank_probe(trial, str(lost)) for trial in waiting)
                return
            alive = True
            while waiting and alive:
                trial = waiting.popleft()
                listener(trial)
                LOGGER.info(
                    "trial %s (%s) is taken apart on %s", trial.id, trial.variant, work.backend
                )
                worker.send(
                    "call", work=WORK, trials=[trial.model_dump_json()], options={"nudged": nudged}
                )
                try:
                    probe = unpack_probe(_answer("answer", inbox)["content"])
                except _NoAnswer as lost:
                    alive, probe = False, blank_probe(trial, str(lost))
                yield probe


@contextmanager
def _worker(work: Work) -> Iterator[tuple[WorkerProcess, Inbox]]:
    inbox: Inbox = queue.SimpleQueue()
    worker = open_worker(work, inbox)
    try:
        yield worker, inbox
    finally:
        worker.kill()


class _NoAnswer(Exception):  # noqa: N818 - an outcome of the backend's, not an error here
    """Why the worker will not answer any more."""


def _answer(kind: str, inbox: Inbox, patience: float | None = None) -> dict[str, Any]:
    """What the worker answers. Raises _NoAnswer, queue.Empty if it takes longer than patience."""
    while True:
        worker, message = inbox.get(timeout=patience)
        if message is None:
            raise _NoAnswer(f"the worker process died: {worker.last_words()}")
        if message["kind"] == "refused":
            raise _NoAnswer(message["reason"])
        if message["kind"] == kind:
            return message
