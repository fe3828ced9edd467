"""Standard output and standard error, which may fail in any way: no command ends for it."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Outlet(io.RawIOBase):
    """Writes until that fails, then says so once and drops the rest.

    beneath: what writes, None where the stream was closed from the start.
    """

    def __init__(self, beneath: io.RawIOBase | None, tell: Callable[[OSError], None]) -> None:
        self._beneath = beneath
        self._tell = tell
        self.failure: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        if self._beneath is None:
            raise io.UnsupportedOperation("closed")
        return self._beneath.fileno()

    def isatty(self) -> bool:
        return self._beneath is not None and self._beneath.isatty()

    def write(self, data: ReadableBuffer, /) -> int:
        size = memoryview(data).nbytes
        if self.failure is not None:
            return size
        try:
            if self._beneath is None:
                raise OSError(errno.EBADF, "it is closed")  # noqa: TRY301 - like all the others
            written = self._beneath.write(data)
            while written is None:  # a terminal that others made non-blocking, and it is busy
                _wait_for(self._beneath.fileno())
                written = self._beneath.write(data)
        except (OSError, ValueError) as error:  # the latter where somebody closed it meanwhile
            closed = OSError(errno.EBADF, "it is closed")
            self.failure = error if isinstance(error, OSError) else closed
            self._tell(self.failure)
            return size
        return written


class StandardStream(io.TextIOWrapper):
    """A standard stream of this process that never raises.

    patient: whether the command does more than to print, and goes on for it.
    """

    def __init__(self, stream: io.TextIOWrapper | None, tell: Callable[[OSError], None]) -> None:
        buffer: Any = None if stream is None else getattr(stream.buffer, "raw", stream.buffer)
        self._outlet = _Outlet(buffer, tell)
        encoding = "utf-8" if stream is None else stream.encoding
        # A name may hold what the terminal's encoding lacks.
        super().__init__(io.BufferedWriter(self._outlet), encoding, "backslashreplace")
        self.reconfigure(line_buffering=stream is not None and stream.line_buffering)
        self.patient = False

    @property
    def failure(self) -> OSError | None:
        """Why it could not be written, if so."""
        return self._outlet.failure

    @property
    def lost(self) -> bool:
        """Whether output that was asked for is missing; a reader may leave a run at any time."""
        gone = isinstance(self.failure, BrokenPipeError)
        return self.failure is not None and not (self.patient and gone)

    def close(self) -> None:
        """Nothing: plugins can't take the stream from the others."""
        self.flush()


@contextmanager
def standard_streams() -> Iterator[Callable[[], bool]]:
    """Standard streams that never raise; gives what tells, in the end, whether output was lost.

    Those that somebody has put in their place, as a test does, are left as they are.
    """

    def tell(error: OSError) -> None:
        from cnnbench.report.terminal import say
        from cnnbench.results.files import explain

        end = "; the trials go on" if output.patient else ""
        if isinstance(error, BrokenPipeError):
            say(f"Nobody reads the output any more{end}.")
        else:
            why = error.strerror if error.errno == errno.EBADF else explain(error)
            say(f"Standard output can't be written: {why}{end}.")

    if not (_is_own(sys.stdout, sys.__stdout__) and _is_own(sys.stderr, sys.__stderr__)):
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        yield lambda: False
        return
    _occupy_closed()
    before: tuple[Any, Any] = (sys.stdout, sys.stderr)
    sys.stdout = output = StandardStream(before[0], tell)
    sys.stderr = errors = StandardStream(before[1], lambda _: None)

    def lost() -> bool:
        output.flush()
        return output.lost

    try:
        yield lost
    finally:
        output.flush()
        errors.flush()
        sys.stdout, sys.stderr = before


def _is_own(stream: object, original: object) -> bool:
    return stream is original and (stream is None or isinstance(stream, io.TextIOWrapper))


def _occupy_closed() -> None:
    """Else the next file opened would get the number of a standard stream, and what it prints."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _wait_for(descriptor: int) -> None:
    import select

    select.select([], [descriptor], [])
