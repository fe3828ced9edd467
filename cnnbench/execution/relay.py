"""Log lines of a process of ours, on their way to the logging of its starter."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

PACKAGE = "cnnbench"
"""The logger above all others of cnnbench; what plugins log below it comes along."""
_LONGEST = 20_000
"""Characters of a line."""


class _Sender(logging.Handler):
    """Sends each line on as a message."""

    def __init__(self, send: Callable[..., None]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send it, traceback included."""
        try:
            text = self.format(record)[:_LONGEST]
            self._send("log", name=record.name, level=record.levelno, text=text)
        except Exception:  # noqa: BLE001 - as every handler does: a log costs no trial
            self.handleError(record)


def level_wanted() -> int:
    """The level from which this process wants to hear of its workers."""
    return logging.getLogger(PACKAGE).getEffectiveLevel()


def hand_over(send: Callable[..., None], level: int) -> None:
    """Send the starter all that this process logs from that level on."""
    logger = logging.getLogger(PACKAGE)
    logger.addHandler(_Sender(send))
    logger.setLevel(level)


def take_up(message: Mapping[str, Any], process: int) -> None:
    """Log here what a process sent. Raises ValueError where it is no log line."""
    match message:
        case {"name": str(name), "level": int(level), "text": str(text)}:
            below = name == PACKAGE or name.startswith(f"{PACKAGE}.")
            logging.getLogger(name if below else PACKAGE).log(
                level, "[process %d] %s", process, text
            )
        case _:
            raise ValueError("a log line that is none")
