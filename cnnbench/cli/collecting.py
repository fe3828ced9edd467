"""Commands that read many records, let go of them and end."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps


def uncollected(command: Callable[..., None]) -> Callable[..., None]:
    """The command without the garbage collector, which finds nothing and takes as long as it."""

    @wraps(command)
    def without_collector(*arguments: object, **options: object) -> None:
        from cnnbench.results.read import collector_paused

        with collector_paused():
            command(*arguments, **options)

    return without_collector
