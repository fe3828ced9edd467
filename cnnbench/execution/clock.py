"""A clock that stops while this process does."""

from __future__ import annotations

import time


class Clock:
    """Seconds that this process lived through; those that it was stopped for, by Ctrl-Z, are none.

    Its workers were stopped with it, and their trials are not to blame for the time. Look at it at
    least every `tick` seconds: of a longer pause only twice that counts.
    """

    def __init__(self, tick: float) -> None:
        self.tick = tick
        self._last = time.monotonic()
        self._lived = 0.0

    def read(self) -> float:
        """Seconds since the clock was made."""
        now = time.monotonic()
        self._lived += min(now - self._last, 2 * self.tick)
        self._last = now
        return self._lived
