"""Timing by turns: what else runs on the machine slows both sides, and the ratio stays honest."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import psutil


def by_turns(
    sides: Mapping[str, Callable[[], float]],
    rounds: int,
    *,
    target: float | None = None,
    images: int | None = None,
) -> float:
    """Time the sides by turns and print each and the median of the ratios first / last.

    sides: by name, functions that return seconds; the reference comes last. images: how many each
    side goes through, to print images per second.
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, measure in sides.items():
            times[name].append(measure())
    width = max(len(name) for name in sides)
    for name, taken in times.items():
        median = statistics.median(taken)
        speed = "" if images is None else f", {images / median:,.0f} images/s"
        print(f"  {name:{width}}  {median:8.3f} s  ({min(taken):.3f} to {max(taken):.3f}){speed}")
    first, *_, last = times.values()
    ratios = [one / other for one, other in zip(first, last, strict=True)]
    ratio = statistics.median(ratios)
    wanted = "" if target is None else f", target at most {target}"
    print(
        f"  {'ratio':{width}}  {ratio:8.3f}    ({min(ratios):.3f} to {max(ratios):.3f}), "
        f"n = {rounds}{wanted}",
        flush=True,
    )
    return ratio


def machine() -> str:
    """Where a figure was measured, in a line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.machine()}, {cores} cores, Python {platform.python_version()}"


def used(command: Sequence[str]) -> tuple[float, float, float]:
    """Seconds of a process, those of processors in it, and MiB that it holds at most.

    Looked at every 20 ms. Processors count less of what else runs on the machine than the clock.
    Raises CalledProcessError if it fails.
    """
    start, taken, most = time.perf_counter(), 0.0, 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        watched = psutil.Process(running.pid)
        while running.poll() is None:
            with suppress(psutil.NoSuchProcess):
                taken = sum(watched.cpu_times()[:2]) or taken
                most = max(most, watched.memory_info().rss)
            time.sleep(0.02)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)
    return time.perf_counter() - start, taken, most / 2**20


def process(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """Seconds of a whole process. Raises CalledProcessError if it fails."""
    start = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    return time.perf_counter() - start
