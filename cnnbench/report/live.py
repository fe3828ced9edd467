"""What a run shows while it runs: a live view on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cnnbench.plugin.executor import (
    EpochEnded,
    Event,
    Remark,
    TrialEnded,
    TrialsAdded,
    TrialStarted,
)
from cnnbench.report.printable import printable
from cnnbench.report.standings import Standings
from cnnbench.report.terminal import say
from cnnbench.results.record import Record, Status
from cnnbench.trials.trial import Trial

_BAR = 30
"""Columns of the progress bar where there is room."""


class RunView(Protocol):
    """Hears the events of a run between enter and exit."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def hear(self, event: Event) -> None:
        """Take up an event."""


def choose_view(
    console: Console,
    trials: Sequence[Trial],
    *,
    quiet: bool,
    standings: Callable[[], Standings] | None = None,
    budget: Callable[[], float] = lambda: math.inf,
) -> RunView:
    """The view that fits the console; a quiet one if there is nothing to show.

    standings: finds out where variants stand before the first trial, for a view that shows it; None
    to show none. budget: seconds until no further replicate is begun.
    """
    if quiet or not trials:
        return QuietView()
    if console.is_jupyter:
        redraws = find_spec("ipywidgets") is not None  # without them rich would warn, not draw
    else:
        redraws = console.is_terminal and not console.is_dumb_terminal
    progress = Progress(trials, budget)
    if not redraws:
        return PlainView(console, progress)
    return LiveView(console, progress, standings() if standings else None)


class Progress:
    """How much is done, in epochs, and how long the rest may take.

    budget: seconds until no further replicate is begun.
    """

    def __init__(
        self, trials: Sequence[Trial], budget: Callable[[], float] = lambda: math.inf
    ) -> None:
        self._budget = budget
        self._epochs: dict[str, int] = {}
        self._asked: dict[str, int] = {}
        self._add(trials)
        self._start = time.monotonic()
        self._first: float | None = None
        self.ended = 0
        self.failed = 0

    def hear(self, event: Event) -> None:
        """Count an event."""
        match event:
            case TrialsAdded(trials):
                self._add(trials)
            case TrialStarted():
                self._first = self._first or time.monotonic()
            case EpochEnded():
                self._epochs[event.trial.id] = event.epoch.epoch
            case TrialEnded():
                self._epochs[event.trial.id] = self._asked[event.trial.id]
                self.ended += 1
                self.failed += event.outcome.record.status is not Status.OK

    def _add(self, trials: Sequence[Trial]) -> None:
        self._epochs |= {trial.id: 0 for trial in trials}
        self._asked |= {trial.id: trial.epochs for trial in trials}

    @property
    def total(self) -> int:
        """Trials in all."""
        return len(self._asked)

    @property
    def fraction(self) -> float:
        """Of the epochs that were asked for; early stopping makes it run ahead."""
        return sum(self._epochs.values()) / sum(self._asked.values())

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._start

    @property
    def started(self) -> bool:
        """Whether a trial has begun."""
        return self._first is not None

    @property
    def left(self) -> float | None:
        """Seconds left at the pace since the first trial began, None before there is a pace.

        No more than the budget has; 0 where that is spent and what runs is brought to its end.
        """
        if self._first is None or self.fraction == 0:
            return None
        pace = (time.monotonic() - self._first) * (1 - self.fraction) / self.fraction
        return max(0.0, min(pace, self._budget()))


class QuietView:
    """Shows nothing but failures, on standard error."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        return

    def hear(self, event: Event) -> None:
        """Print a line when a trial ends and is not ok."""
        if isinstance(event, TrialEnded) and event.outcome.record.status is not Status.OK:
            say(told(event))


class PlainView(QuietView):
    """A line for each trial that ends, for logs and pipes."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress

    def hear(self, event: Event) -> None:
        """Print a line when a trial ends."""
        self._progress.hear(event)
        if isinstance(event, Remark):
            say(event.text)
        if not isinstance(event, TrialEnded):
            return
        left = self._progress.left
        rest = f", about {duration(left)} left" if left is not None and round(left) else ""
        count = f"{self._progress.ended}/{self._progress.total}"
        line = f"[{count}] {told(event)}{rest}"
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


@dataclass(slots=True)
class _Slot:
    """What one worker is doing."""

    trial: Trial | None = None
    epoch: int = 0
    val_accuracy: float | None = None


class LiveView:
    """Overall progress and time left, what each worker trains, and where variants stand so far.

    Failures stay as lines above.
    """

    def __init__(
        self, console: Console, progress: Progress, standings: Standings | None = None
    ) -> None:
        self._console = console
        self._progress = progress
        self._standings = standings
        self._slots: dict[int, _Slot] = {}
        self._live = Live(
            console=console, get_renderable=self._render, refresh_per_second=4, transient=True
        )

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, traceback)

    def hear(self, event: Event) -> None:
        """Take up an event; the view redraws itself four times a second."""
        self._progress.hear(event)
        match event:
            case TrialStarted():
                self._slots[event.slot] = _Slot(event.trial)
            case EpochEnded():
                epoch = event.epoch
                self._slots[event.slot] = _Slot(event.trial, epoch.epoch, epoch.val_accuracy)
            case Remark():
                say(event.text)
            case TrialEnded():
                # The slot's next trial may have started before this one was stored.
                if self._slots[event.slot].trial == event.trial:
                    self._slots[event.slot] = _Slot()
                if self._standings:
                    self._standings.hear(event.outcome.record)
                if event.outcome.record.status is not Status.OK:
                    self._console.print(Text(told(event), style="red"))

    def _render(self) -> RenderableType:
        progress = self._progress
        head = Table.grid(padding=(0, 2))
        head.add_column(max_width=_BAR)
        for _ in range(4):
            head.add_column(no_wrap=True)
        head.add_row(
            ProgressBar(total=1.0, completed=progress.fraction),
            f"{progress.ended} of {progress.total} trials",
            f"{duration(progress.elapsed)} elapsed",
            _rest(progress),
            Text(f"{progress.failed} failed", style="red") if progress.failed else "",
        )
        workers = Table.grid(padding=(0, 2))
        workers.add_column(no_wrap=True)
        workers.add_column()  # of the variant's name, the one that may be cut
        for _ in range(3):
            workers.add_column(no_wrap=True)
        for number, slot in sorted(self._slots.items()):
            workers.add_row(f"worker {number + 1}", *_slot_cells(slot))
        standings = self._standings.table() if self._standings else None
        if standings is None:
            return Group(head, workers)
        return Group(head, workers, Text("test accuracy so far", style="bold"), standings)


def _rest(progress: Progress) -> str:
    if progress.left is not None:
        return f"{duration(progress.left)} left" if progress.left else "ending"
    return "first epochs" if progress.started else "starting workers"


def _slot_cells(slot: _Slot) -> tuple[str | Text, ...]:
    if slot.trial is None:
        return ("idle",)
    accuracy = "" if slot.val_accuracy is None else f"validation {slot.val_accuracy:.1%}"
    name = Text(printable(slot.trial.variant), no_wrap=True, overflow="ellipsis")
    part = slot.trial.place.removeprefix(f"{slot.trial.variant}, ")
    return (name, part, f"epoch {slot.epoch}/{slot.trial.epochs}", accuracy)


def told(event: TrialEnded) -> str:
    """Which trial ended, and how."""
    return printable(f"{trial_name(event.trial)}: {summary(event.outcome.record)}")


def trial_name(trial: Trial) -> str:
    """Which trial, for people: variant, replicate from 1, fold from 1, backend."""
    return f"{trial.place} ({trial.backend})"


def summary(record: Record) -> str:
    """How a trial ended, in a few words."""
    if record.status is not Status.OK:
        return f"{record.status}: {record.reason}"
    seconds = f" in {record.costs.total:.1f} s" if record.costs.total is not None else ""
    return f"test accuracy {record.metrics['test']['accuracy']:.1%}{seconds}"


def duration(seconds: float) -> str:
    """4 s, 3 min 20 s, 2 h 05 min."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
