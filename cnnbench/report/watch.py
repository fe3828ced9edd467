"""What a run shows to a program that starts it from Python."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console

from cnnbench.data.sources.streamed import Watcher, nobody
from cnnbench.plugin.executor import Event, Listener
from cnnbench.report.live import QuietView, RunView, choose_view
from cnnbench.report.reading import reading
from cnnbench.trials.trial import Trial


class SilentView(QuietView):
    """Shows nothing at all: records say what failed."""

    def hear(self, event: Event) -> None:
        """Take no notice."""


class Listening(QuietView):
    """Hands every event on."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def hear(self, event: Event) -> None:
        """Hand it on."""
        self._listener(event)


def watch(progress: bool | Listener | None, trials: Sequence[Trial]) -> RunView:
    """The view that a caller asks for; by default one on terminals and in notebooks alone."""
    if callable(progress):
        return Listening(progress)
    console = Console()
    return choose_view(console, trials, quiet=False) if _seen(progress, console) else SilentView()


@contextmanager
def watch_reading(progress: bool | Listener | None) -> Iterator[Watcher]:
    """What is shown while images are read, on the same terms."""
    console = Console()
    if callable(progress) or not _seen(progress, console):
        yield nobody
        return
    with reading(console, "reading the recipe and its data") as watcher:
        yield watcher


def _seen(progress: bool | None, console: Console) -> bool:
    return console.is_terminal or console.is_jupyter if progress is None else progress
