"""Many image files at a time: in this process at first, and on all cores where that takes long."""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from cnnbench.data.sources._archive import split_path
from cnnbench.data.sources._decode import quiet
from cnnbench.data.sources._decoder import READY, Answer, Color, Job, decode_into
from cnnbench.data.sources._rows import RowFile
from cnnbench.data.sources._shelf import is_record
from cnnbench.processes import sealed, usable_cores

ALONE = 0.5
"""Seconds of decoding in this process before others are started, which takes about as long."""
BATCH = 16
"""Images that a process is given at a time; twice as many wait there."""
TRIES = 2
"""How often a file may take a process with it before it is said to be unreadable."""
LOGGER = logging.getLogger(__name__)


def decoded(jobs: Sequence[Job], rows: RowFile, color: Color) -> Generator[Answer]:
    """One answer for each job, as they come; pixels are in `rows` by then.

    Raises OSError where they can't be written.
    """
    left = deque(jobs)
    with quiet():
        alone = time.monotonic() + ALONE
        while left and (time.monotonic() < alone or usable_cores() == 1):
            yield _sound(decode_into(rows, left.popleft(), color))
        if left and not _is_held_here(left[0].path):
            yield from _Crew(left, rows, color).answers()
        if left:
            yield from _by_threads(left, rows, color)


def _is_held_here(path: str) -> bool:
    """Whether other processes lack a photo: a record, or one in a compressed tar.

    Each of them would have to open the set, or decompress the archive, for itself.
    """
    if is_record(path):
        return True
    inside = split_path(path)
    return inside is not None and not inside[0].lower().endswith((".zip", ".tar"))


def _by_threads(jobs: Sequence[Job], rows: RowFile, color: Color) -> Generator[Answer]:
    """In this process, slower than in many: where no other can be started."""
    pool = ThreadPoolExecutor(usable_cores())
    try:
        for answer in pool.map(partial(decode_into, rows, color=color), jobs):
            yield _sound(answer)
    finally:
        pool.shutdown(cancel_futures=True)


def _sound(answer: Answer) -> Answer:
    if answer.lost:
        raise OSError(*answer.lost)
    return answer


class _Decoder:
    """A process that decodes. waiting: what it was given and has not answered yet, in order.

    ready: whether it has said anything.
    """

    def __init__(self, rows: RowFile, color: Color, inbox: _Inbox) -> None:
        self.waiting: deque[Job] = deque()
        self.ready = False
        self._inbox = inbox
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cnnbench.data.sources._decoder"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=sealed(os.environ),
        )
        self._send([[str(rows.path.absolute()), color]])
        threading.Thread(target=self._listen, daemon=True).start()

    def give(self, jobs: Sequence[Job]) -> None:
        self.waiting += jobs
        self._send(jobs)

    def end(self) -> int:
        """End it now; its exit code."""
        self._process.kill()
        code = self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError, ValueError):
                assert stream
                stream.close()
        return code

    def _send(self, lines: Sequence[object]) -> None:
        assert self._process.stdin
        with suppress(OSError):  # that it has died is noticed in the inbox
            self._process.stdin.write("".join(f"{json.dumps(x)}\n" for x in lines).encode())
            self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout
        with suppress(OSError, ValueError):
            for line in self._process.stdout:
                self._inbox.put((self, Answer(*json.loads(line))))
        self._inbox.put((self, None))


_Inbox = queue.SimpleQueue[tuple[_Decoder, Answer | None]]
"""Answers of all processes; None when one has ended."""


class _Crew:
    """A process for each core. left: jobs for them; what none of them could do stays there."""

    def __init__(self, left: deque[Job], rows: RowFile, color: Color) -> None:
        self._left, self._rows, self._color = left, rows, color
        self._inbox: _Inbox = queue.SimpleQueue()
        self._crew: set[_Decoder] = set()
        self._failures: dict[int, int] = {}

    def answers(self) -> Generator[Answer]:
        try:
            for _ in range(min(usable_cores(), -(-len(self._left) // BATCH))):
                self._hire()
            while self._crew:
                decoder, answer = self._inbox.get()
                if answer is None:
                    yield from self._bury(decoder)
                elif answer == READY:
                    decoder.ready = True
                else:
                    decoder.waiting.popleft()
                    yield _sound(answer)
                    self._occupy(decoder)
        finally:
            for decoder in self._crew:
                decoder.end()

    def _hire(self) -> None:
        try:
            decoder = _Decoder(self._rows, self._color, self._inbox)
        except OSError as error:
            LOGGER.info("no process to decode with: %s", error)
            return
        self._crew.add(decoder)
        self._occupy(decoder)

    def _occupy(self, decoder: _Decoder) -> None:
        """Keep it busy; one that has nothing more to do ends."""
        if self._left and len(decoder.waiting) <= BATCH:
            decoder.give([self._left.popleft() for _ in range(min(BATCH, len(self._left)))])
        elif not decoder.waiting:
            self._crew.discard(decoder)
            decoder.end()

    def _bury(self, decoder: _Decoder) -> Generator[Answer]:
        """Do again what a dead process was given; the first of it may be what killed it."""
        if decoder not in self._crew:
            return
        self._crew.discard(decoder)
        code = decoder.end()
        LOGGER.info("a process that decodes ended with code %d", code)
        if decoder.ready:
            culprit = decoder.waiting[0]
            failures = self._failures[culprit.row] = self._failures.get(culprit.row, 0) + 1
            if failures == TRIES:
                decoder.waiting.popleft()
                reason = f"decoding it ends the process that does, exit code {code}"
                yield Answer(culprit.row, unreadable=reason)
        self._left.extendleft(reversed(decoder.waiting))
        if self._left and decoder.ready:
            self._hire()
