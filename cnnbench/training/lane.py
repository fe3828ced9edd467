"""Trials side by side in one process: each in a thread that runs only while it is waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from cnnbench.training.costs import CLOCK

Result = TypeVar("Result")


class Abandoned(BaseException):
    """Raised in a lane that is to end; nothing that only catches errors keeps it."""


class Lane(Generic[Result]):
    """Work that stops at each request, until whoever leads it answers.

        lane = Lane(lambda lane: 1 + lane.ask("a number"))
        lane.go_on()         # lane.request is "a number"
        lane.go_on(2)        # lane.ended, lane.result is 3

    Only one thread of all lanes and their leader runs at a time, so that nothing races, and what a
    lane asks for is done in the leader's thread, where frameworks have their settings.
    """

    request: Any = None
    """What it waits for."""
    result: Result
    """What the work returned, once it has ended."""

    def __init__(self, work: Callable[[Lane[Result]], Result]) -> None:
        self._work = work
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._answer: Any = None
        self._error: BaseException | None = None
        self._ending: BaseException | None = None
        self._spent, self._since = 0.0, 0.0
        self.ended = False
        self._thread = threading.Thread(target=self._run, name="cnnbench-lane", daemon=True)
        self._thread.start()

    def go_on(self, answer: Any = None, error: BaseException | None = None) -> None:
        """Let it run to its next request, or to its end; raises what ended it.

        answer: to what it asked for. error: to be raised there instead.
        """
        self._answer, self._error = answer, error
        self.request = None
        self._since = time.perf_counter()
        self._turn.release()
        self._back.acquire()
        self._spent += time.perf_counter() - self._since
        if self.ended:
            self._thread.join()
            if self._ending is not None:
                raise self._ending

    def ask(self, request: Any) -> Any:
        """Wait for an answer; called within the work."""
        self.request = request
        self._back.release()
        return self._answered()

    def charge(self, seconds: float) -> None:
        """Count time that was spent on what it asked for."""
        self._spent += seconds

    def abandon(self) -> None:
        """End the work where it stands."""
        if not self.ended:
            try:
                self.go_on(error=Abandoned())
            except Abandoned:
                return

    def _clock(self) -> float:
        """Seconds that it has had, its own and those it was charged."""
        return self._spent + time.perf_counter() - self._since

    def _answered(self) -> Any:
        self._turn.acquire()
        if self._error is not None:
            raise self._error
        return self._answer

    def _run(self) -> None:
        CLOCK.set(self._clock)
        try:
            self._answered()
            self.result = self._work(self)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._ending = error
        finally:
            self.ended = True
            self._back.release()
