"""How long a run may take: which replicates still fit, by what those of this run took."""

from __future__ import annotations

import math
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from numbers import Real
from statistics import fmean

from cnnbench.errors import OptionsError
from cnnbench.plugin.executor import Event, TrialEnded, TrialStarted
from cnnbench.trials.trial import Trial

_UNITS = {"s": 1, "min": 60, "h": 3600}
_PART = r"\d+(?:\.\d+)?\s*(?:s|min|h)"


def read_budget(text: str) -> float:
    """Seconds of 90s, 20min, 1.5h or 1h30min. Raises OptionsError for anything else, and zero."""
    words = text.strip().lower()
    if re.fullmatch(rf"{_PART}(?:\s*{_PART})*", words):
        parts = re.findall(r"(\d+(?:\.\d+)?)\s*(s|min|h)", words)
        if seconds := sum(float(number) * _UNITS[unit] for number, unit in parts):
            return seconds
    raise OptionsError(f"budget {text!r} is no time to spend, expected e.g. 90s, 20min or 1h30min")


class Budget:
    """Seconds from now on, of which each replicate is expected to take what those before took.

    None: as long as it takes. clock: seconds that only grow. Raises OptionsError for what is no
    time to spend.
    """

    def __init__(
        self, seconds: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        known = isinstance(seconds, Real) and not isinstance(seconds, bool)
        if seconds is not None and not (known and 0 < seconds < math.inf):
            raise OptionsError(f"budget is {seconds!r}, expected a number of seconds above 0")
        self._clock = clock
        self._end = None if seconds is None else clock() + seconds
        self._started: dict[str, float] = {}
        self._took: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self._spent: dict[str, float] = defaultdict(float)

    def left(self) -> float:
        """Seconds until it is spent, below 0 behind that; infinite without a budget."""
        return math.inf if self._end is None else self._end - self._clock()

    @contextmanager
    def measuring(self, backend: str) -> Iterator[None]:
        """While some trials of a backend run, with all that they wait for."""
        begun = self._clock()
        try:
            yield
        finally:
            self._spent[backend] += self._clock() - begun

    def hear(self, event: Event) -> None:
        """Take up how long a trial took."""
        match event:
            case TrialStarted(trial):
                self._started[trial.id] = self._clock()
            case TrialEnded(trial) if trial.id in self._started:
                seconds = self._clock() - self._started.pop(trial.id)
                self._took[trial.backend][_kind(trial)].append(seconds)

    def fitting(self, trials: Sequence[Trial]) -> tuple[Trial, ...]:
        """The first of the trials, in whole replicates, that should end in time.

        All of them without a budget; one replicate while nothing was measured and any time is left.
        """
        if self._end is None:
            return tuple(trials)
        left = self.left()
        found: list[Trial] = []
        for _, group in groupby(trials, key=lambda trial: trial.replicate):
            more = [*found, *group]
            seconds = self._expected(more)
            if left <= 0 or (seconds is None and found) or (seconds or 0.0) > left:
                break
            found = more
        return tuple(found)

    def _expected(self, trials: Sequence[Trial]) -> float | None:
        """Seconds until these trials have ended, None while none has.

        By those of their backend, where there are some, and of their variant; all that is waited
        for between trials is taken to come again in proportion.
        """
        known = [x for x in self._took if x == trials[0].backend] or list(self._took)
        took = {kind: times for backend in known for kind, times in self._took[backend].items()}
        every = [seconds for times in took.values() for seconds in times]
        if not every:
            return None
        usual = fmean(every)
        work = sum(fmean(took.get(_kind(trial), [usual])) for trial in trials)
        spent = sum(self._spent[backend] for backend in known)
        return spent * work / sum(every) if sum(every) else 0.0


def _kind(trial: Trial) -> str:
    return f"{trial.recipe}\n{trial.variant}"
