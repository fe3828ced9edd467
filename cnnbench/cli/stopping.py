"""How the program ends when it is told to: as after Ctrl-C, with the signal's exit code."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

GRACE = 10.0
"""Seconds that an orderly ending may take, which a thread that waits for a dead disk can block."""
ECHO = 1.0
"""Seconds in which a signal is taken for the same one again: `timeout` and shells send it twice."""
_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_INTERRUPT = 128 + signal.SIGINT
_INTERRUPTED = 0
"""In the place of a signal: Ctrl-C, which is no reason to hurry while a debugger may catch it."""
_SHOW_CURSOR = b"\x1b[?25h"


class Stopped(KeyboardInterrupt):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP interrupt as Ctrl-C does; then exit with 128 plus the signal.

    A second one ends the program at once, and so does the first after a while, whatever blocks. A
    signal that is ignored stays so, as under nohup.
    """
    stopped: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        if not stopped:
            stopped.append(number)
            raise Stopped(number)

    heard = {x: old for x in _SIGNALS if (old := signal.getsignal(x)) is not signal.SIG_IGN}
    line = _Line(frozenset(heard))
    # Python ends in that order: its threads, these callbacks, then what a bare signal does.
    ignore = atexit.register(partial(_ignore, heard, stopped))
    try:
        for number in heard:
            signal.signal(number, stop)
        yield
    except (KeyboardInterrupt, SystemExit) as ended:
        code = _INTERRUPT if isinstance(ended, KeyboardInterrupt) else ended.code
        if stopped:
            code = 128 + stopped[0]  # the handler stays, so that a second signal is heard
        elif code == _INTERRUPT:
            line.hurry()
        raise SystemExit(code) from None
    finally:
        if not stopped:
            atexit.unregister(ignore)
            for number, old in heard.items():
                signal.signal(number, old)
            line.close()


def _ignore(numbers: Collection[int], stopped: Sequence[int]) -> None:
    """Ignore the signals once one of them was heard."""
    for number in numbers if stopped else ():
        signal.signal(number, signal.SIG_IGN)


class _Line:
    """To a thread that watches over the ending; no thread can be started in the midst of things.

    Python's own handler, in C, writes to it, so that a signal is heard of even where the main
    thread hangs.
    """

    def __init__(self, heard: frozenset[int]) -> None:
        import socket

        reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        threading.Thread(target=self._watch, args=(reader, heard), daemon=True).start()
        self._before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def hurry(self) -> None:
        """After Ctrl-C all is undone that had to be: there is nothing more to wait for."""
        self._writer.send(bytes([_INTERRUPTED]))

    def close(self) -> None:
        """Let the thread end."""
        signal.set_wakeup_fd(self._before)
        self._writer.close()

    def _watch(self, reader: socket.socket, heard: frozenset[int]) -> None:
        first, code = None, 0
        while True:
            reader.settimeout(
                None if first is None else max(0.01, first + GRACE - time.monotonic())
            )
            try:
                told = reader.recv(1)
            except TimeoutError:
                _leave(code)
            if not told:
                return  # the program has ended otherwise
            if told[0] not in heard and told[0] != _INTERRUPTED:
                continue
            if first is None:
                first, code = time.monotonic(), 128 + told[0] if told[0] else _INTERRUPT
            elif time.monotonic() - first >= ECHO:
                _leave(code)


def _leave(code: int) -> None:
    with suppress(OSError):
        if os.isatty(1):
            os.write(1, _SHOW_CURSOR)
    os._exit(code)
