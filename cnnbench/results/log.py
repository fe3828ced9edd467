"""The log of a run beside its records: what happened when, for whoever looks into it later."""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from cnnbench.results.files import explain, make_folder, open_new
from cnnbench.results.layout import LOG

KEPT = 10
"""Logs that are kept in a folder, this run's included."""
LEVEL = logging.INFO
_PACKAGE = logging.getLogger("cnnbench")
_NAME = re.compile(r"\d{8}T\d{6}-\d+\.log")
"""Of what cnnbench wrote; other files in the folder are not its own to take away."""
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def run_log(study: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Write what happens within to a file in the study's folder; the oldest files go.

    tell: hears in a sentence that it can't be written, or could not to its end. Nothing else comes
    of that.
    """
    try:
        file = _LogFile(study / LOG)
    except OSError as error:
        tell(f"this run keeps no log in {study / LOG}: {explain(error)}")
        yield
        return
    _TAP.open(file)
    try:
        yield
    finally:
        _TAP.close(file)
        file.close()
        if file.failure is not None:
            tell(f"the log of this run in {study / LOG} is not whole: {explain(file.failure)}")


class _LogFile(logging.StreamHandler):  # type: ignore[type-arg]  # not generic when it runs
    """A new file in the folder. Raises OSError.

    failure: why it could not be written any more, if so.
    """

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        _make_room(folder)
        now = datetime.now(UTC).astimezone()
        super().__init__(open_new(folder / f"{now:%Y%m%dT%H%M%S-%f}.log"))
        self.failure: OSError | None = None
        self.setLevel(LEVEL)
        self.setFormatter(logging.Formatter(_FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        """Write it, unless that failed before."""
        if self.failure is None:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Write no more where the file is to blame; else as ever."""
        error = sys.exception()
        if isinstance(error, OSError):
            self.failure = error
        else:
            super().handleError(record)

    def close(self) -> None:
        """Close the file, whose last lines may still fail."""
        with suppress(OSError):
            self.stream.close()
        super().close()


def _make_room(folder: Path) -> None:
    """Take away the oldest logs, so that there is room for one more."""
    logs = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    for path in logs[: max(0, len(logs) - KEPT + 1)]:
        with suppress(OSError):
            path.unlink()


class _Tap:
    """Lets files hear of INFO without showing it to anybody who did not ask for it.

    While a file is open, what lies above the package's logger gets what it got before, and no more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files = 0
        self._before = (logging.NOTSET, True)
        self._onward = _Onward()

    def open(self, file: logging.Handler) -> None:
        with self._lock:
            if not self._files:
                self._before = (_PACKAGE.level, _PACKAGE.propagate)
                level = _PACKAGE.getEffectiveLevel()
                self._onward.setLevel(level)
                if _PACKAGE.propagate:
                    _PACKAGE.addHandler(self._onward)
                _PACKAGE.propagate = False
                _PACKAGE.setLevel(min(level, LEVEL))
            self._files += 1
            _PACKAGE.addHandler(file)

    def close(self, file: logging.Handler) -> None:
        with self._lock:
            _PACKAGE.removeHandler(file)
            self._files -= 1
            if not self._files:
                _PACKAGE.removeHandler(self._onward)
                level, _PACKAGE.propagate = self._before
                _PACKAGE.setLevel(level)


class _Onward(logging.Handler):
    """Hands lines to whatever handles those of the whole program."""

    def emit(self, record: logging.LogRecord) -> None:
        if _PACKAGE.parent is not None:
            _PACKAGE.parent.callHandlers(record)


_TAP = _Tap()
