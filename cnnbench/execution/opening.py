"""Starting a worker that opens a backend, and how long that may take."""

from __future__ import annotations

from cnnbench.execution.process import Inbox, WorkerProcess
from cnnbench.execution.protocol import pack_work
from cnnbench.execution.relay import level_wanted
from cnnbench.plugin.executor import Limits, Work

OPENING_LIMIT = 600.0
"""Seconds that opening a backend may take: frameworks take minutes where the disk is slow."""
SHORT_OPENING = 60.0
"""The same for an impatient user, whose --timeout may be shorter than any framework's import."""
SLOW_OPENING = 20.0
"""Seconds after which a user is told what is waited for."""


def open_worker(work: Work, inbox: Inbox) -> WorkerProcess:
    """A worker on its way to say "ready", or "refused" and why. Raises OSError."""
    worker = WorkerProcess("cnnbench.execution.worker", work.environment, inbox)
    worker.send("open", work=pack_work(work), log_level=level_wanted())
    return worker


def opening_limit(limits: Limits) -> float:
    """Seconds that opening may take in a run with these limits."""
    if limits.timeout is None:
        return OPENING_LIMIT
    return min(OPENING_LIMIT, max(SHORT_OPENING, limits.timeout))


def hung(backend: str, seconds: float) -> str:
    """What to say of a worker that was not ready within the limit."""
    return (
        f"backend {backend} was not open after {seconds:g} s; "
        "try --executor inline to see where it waits"
    )
