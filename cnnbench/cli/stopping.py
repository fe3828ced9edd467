"""How a long command ends when it is told to: as after Ctrl-C, with the signal's exit code."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_OUTPUTS = (1, 2)


class Stopped(KeyboardInterrupt):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP interrupt as Ctrl-C does; then exit with 128 plus the signal.

    A signal that is ignored stays so, as under nohup.
    """
    terminals = [output for output in _OUTPUTS if os.isatty(output)]

    def stop(number: int, _: FrameType | None) -> None:
        for each in heard:  # a second one must not disturb the ending
            signal.signal(each, signal.SIG_IGN)
        for output in terminals:
            if not os.isatty(output):  # it is gone, and writing to it would raise
                os.dup2(os.open(os.devnull, os.O_WRONLY), output)
        raise Stopped(number)

    heard = {x: old for x in _SIGNALS if (old := signal.getsignal(x)) is not signal.SIG_IGN}
    for number in heard:
        signal.signal(number, stop)
    try:
        yield
    except Stopped as stopped:
        raise SystemExit(128 + stopped.number) from None
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
    finally:
        for number, old in heard.items():
            signal.signal(number, old)
