"""The private line between a process and its starter: a pipe each way, a JSON object a line.

Neither is a standard stream, so that what start-up files, plugins and frameworks print can't get
between the messages. JSON rather than pickle: a line can be read by a person, and nothing in it can
run. This module imports nothing heavy, so that a process soon hears when its starter is gone.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any


def encode(kind: str, **content: Any) -> bytes:
    """One line."""
    return json.dumps({"kind": kind, **content}).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message in one line. Raises ValueError for a torn or foreign line."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("kind"), str):
        raise ValueError(  # noqa: TRY004 - wrong in what it says, not in its type
            f"not a message: {line[:80]!r}"
        )
    return message


class Starter:
    """The starter, as the process that it started sees it; make one first of all, and only one.

    When the starter is gone, perhaps killed, the process ends: nobody is left to hear of anything.
    """

    def __init__(self) -> None:
        requests, answers = _taken_over(sys.argv[1:3])
        del sys.argv[1:]  # which are no business of a framework that looks for options there
        self._requests = os.fdopen(requests, "rb")
        self._answers = os.fdopen(answers, "wb")
        self._sending = threading.Lock()
        self._inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        # These reach the whole process group; what becomes of the work is the starter's decision.
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, kind: str, **content: Any) -> None:
        """Say something; any thread may."""
        with self._sending:
            self._answers.write(encode(kind, **content))
            self._answers.flush()

    def next(self) -> dict[str, Any]:
        """Wait for what the starter says next."""
        return self._inbox.get()

    def _listen(self) -> None:
        for line in self._requests:
            self._inbox.put(decode(line))
        os._exit(0)


def handed_over(descriptors: Sequence[int]) -> tuple[list[str], dict[str, Any]]:
    """By which numbers a child will know open files, and the options of Popen that hand them over.

    POSIX hands down file descriptors, of the same number. Windows hands down handles, and with a
    list of handles no others than those.
    """
    if sys.platform != "win32":
        return [str(each) for each in descriptors], {"pass_fds": descriptors}
    import msvcrt

    handles = [msvcrt.get_osfhandle(each) for each in descriptors]
    for handle in handles:
        os.set_handle_inheritable(handle, True)
    startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": handles})
    return [str(handle) for handle in handles], {"startupinfo": startup}


def _taken_over(numbers: Sequence[str]) -> tuple[int, int]:
    """The descriptors of the two files that were handed over, to read and to write."""
    first, second = map(int, numbers)
    if sys.platform != "win32":
        os.set_inheritable(first, False)
        os.set_inheritable(second, False)
        return first, second
    import msvcrt

    return msvcrt.open_osfhandle(first, os.O_RDONLY), msvcrt.open_osfhandle(second, 0)
