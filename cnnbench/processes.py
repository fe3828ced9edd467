"""What this process may use of the machine, and what processes that it starts are given."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


def usable_cores() -> int:
    """Cores that this process may use, fewer than the machine has in a container."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def sealed(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that imports nothing from the current folder.

    A user's own `random.py` would be taken for Python's there, and a folder from elsewhere would
    run its code. Folders named in PYTHONPATH stay; an empty name there means the current one.
    """
    named = environment.get("PYTHONPATH", "").split(os.pathsep)
    kept = [name for name in named if name and os.path.normpath(name) != os.curdir]
    # A variable rather than the option -P: it holds for what a framework starts in turn, too.
    return {**environment, "PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(kept)}


@contextmanager
def made_for_good() -> Iterator[None]:
    """What is made inside stays for as long as this process does, as an imported framework does.

    The garbage collector rests meanwhile, and passes from then on over all that is there at the
    end: with Keras imported a walk over everything takes 0.15 to 0.25 s, and each trial needs two.
    For processes of our own alone: in a user's, what is there may have to be freed yet.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
    gc.collect()
    gc.freeze()
