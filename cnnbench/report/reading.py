"""What is shown while images are read: how far their decoding has come, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from cnnbench.data.sources.streamed import Decoding, Watcher, nobody
from cnnbench.report.live import duration
from cnnbench.report.terminal import say, waiting

LINES = 30.0
"""Seconds between two lines where nothing can be redrawn, a log or a pipe."""


@contextmanager
def reading(console: Console, text: str) -> Iterator[Watcher]:
    """Wait beside the text; after Ctrl-C says that what was decoded is kept."""
    last: Decoding | None = None
    with waiting(console, text) as status:
        lines = nobody if console.quiet or console.is_terminal else _Lines().hear

        def watch(decoding: Decoding) -> None:
            nonlocal last
            last = decoding
            status.update(progress_line(decoding))
            lines(decoding)

        try:
            yield watch
        except KeyboardInterrupt:
            if last and last.done < last.total:
                status.stop()
                say(
                    f"Interrupted: {last.done:,} of {last.total:,} images decoded, none lost; the "
                    "same command goes on from there."
                )
            raise


class _Lines:
    """A line now and then."""

    def __init__(self) -> None:
        self._next = time.monotonic() + LINES

    def hear(self, decoding: Decoding) -> None:
        """Say how far it has come, if that was not said lately."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINES
            say(progress_line(decoding))


def progress_line(decoding: Decoding) -> str:
    """How far it has come: "decoding images: 5,210 of 20,000, 1 min 20 s left"."""
    before = f" ({decoding.taken:,} by an earlier run)" if decoding.taken else ""
    left = "" if decoding.left is None else f", {duration(decoding.left)} left"
    return f"decoding images: {decoding.done:,} of {decoding.total:,}{before}{left}"
