"""What this process may use of the machine, and what processes that it starts are given."""

from __future__ import annotations

import os
from collections.abc import Mapping


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
