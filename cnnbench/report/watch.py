"""What a run shows to a program that starts it from Python."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from cnnbench.plugin.executor import Event, Listener
from cnnbench.report.live import QuietView, RunView, choose_view
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
    seen = console.is_terminal or console.is_jupyter
    if progress or (progress is None and seen):
        return choose_view(console, trials, quiet=False)
    return SilentView()
