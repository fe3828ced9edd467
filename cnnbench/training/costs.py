"""Clocks and memory: what a trial costs, measured where it happens."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import statistics
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from cnnbench.data.passes.batches import Batches
from cnnbench.plugin.backend import Model
from cnnbench.results.record import Shared

_CLEAR_REFS = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")
SINGLE_PREDICTIONS = 10
BATCH_PREDICTIONS = 3
OF_PREDICTION = ("parameters", "flops", "latency_single", "latency_batch")
"""Costs of a prediction, which networks that answer together make one after the other."""


CLOCK: ContextVar[Callable[[], float]] = ContextVar("clock", default=time.perf_counter)
"""Seconds of the trial that runs in this context."""


class Stopwatch:
    """Adds up the seconds spent in its `with` blocks, the device's work included."""

    def __init__(self, synchronize: Callable[[], None] = lambda: None) -> None:
        self._synchronize = synchronize
        self._start = 0.0
        self.last = 0.0
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._start = CLOCK.get()()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self._synchronize()
        self.last = CLOCK.get()() - self._start
        self.seconds += self.last


def reset_peak_memory() -> None:
    """Start the kernel's high-water mark anew: a warm worker's mark is of earlier trials.

    Linux lets a process do this for itself; elsewhere the mark is of the process's whole life.
    """
    release_freed_memory()
    with contextlib.suppress(OSError):
        _CLEAR_REFS.write_text("5")


def release_freed_memory() -> None:
    """Give back what has been freed: allocators keep it, some because a worker's was told to."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def peak_memory() -> int:
    """Bytes resident at the high-water mark; elsewhere than on Linux, what is resident now."""
    try:
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return int(psutil.Process().memory_info().rss)


def features_seconds(shared: Iterable[Shared]) -> float:
    """What features took, each kind once, of a kind with different images as the most of them.

    Networks of an ensemble share those of images as they are; what early records shared is unknown.
    """
    kept: dict[str, float] = {}
    alone = 0.0
    for each in shared:
        alone += 0 if each.entries else each.seconds
        for name, seconds in each.entries.items():
            kept[name] = max(seconds, kept.get(name, 0))
    return alone + sum(kept.values())


def latency(model: Model, batches: Batches, repetitions: int) -> float:
    """Median seconds of one prediction of these batches, after one that is not counted."""
    watch = Stopwatch(model.synchronize)
    seconds = []
    for _ in range(repetitions + 1):
        with watch:
            model.predict(batches)
        seconds.append(watch.last)
    return statistics.median(seconds[1:])
