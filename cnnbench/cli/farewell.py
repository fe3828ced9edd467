"""What to say when all is done but Python does not end."""

from __future__ import annotations

import sys
import threading
import time
from functools import cache

PATIENCE = 10.0
"""Seconds after the end before anything is said."""


@cache
def watch_the_end() -> None:
    """Have it said whom the program waits for at its end, if it does; once a process."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    threading.main_thread().join()
    time.sleep(PATIENCE)
    from importlib.metadata import entry_points

    names = ", ".join(sorted({point.name for point in entry_points(group="cnnbench")}))
    print(  # noqa: T201 - nothing else works any more
        "cnnbench: all is done, but a thread or an exit function keeps Python from ending, "
        f"probably of a plugin ({names}); CNNBENCH_DISABLE_PLUGINS=NAME runs without one",
        file=sys.stderr,
        flush=True,
    )
