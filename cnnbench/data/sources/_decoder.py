"""Decodes image files into rows of a file; as a process of its own, those that its starter names.

`python -m cnnbench.data.sources._decoder`: standard input brings a JSON line on where to, then one
for each image; standard output gets one for each. It ends with its input.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from cnnbench.data.sources._decode import UnreadableError, decode, quiet
from cnnbench.data.sources._rows import RowFile
from cnnbench.data.splits.duplicates import pixel_digest

Color = Literal["grey", "rgb"]


class Job(NamedTuple):
    """An image to decode. white: of images of more than 8 bits a channel, once it is known."""

    row: int
    path: str
    white: int | None = None


class Answer(NamedTuple):
    """What became of a job: the digest of its pixels, or else why there are none.

    brightest: of an image whose `white` is not known yet. unreadable: why the file is no image.
    lost: number and text of what the system says to writing.
    """

    row: int
    pixels: str = ""
    brightest: int | None = None
    unreadable: str = ""
    lost: tuple[int, str] | None = None


READY = Answer(-1)
"""What a process says before it has a job."""


def decode_into(rows: RowFile, job: Job, color: Color) -> Answer:
    """Decode an image file into its row."""
    height, width = rows.shape[1:3]
    try:
        decoded = decode(job.path, (height, width), color, job.white)
    except UnreadableError as error:
        return Answer(job.row, unreadable=str(error))
    if isinstance(decoded, int):
        return Answer(job.row, brightest=decoded)
    try:
        rows.write(job.row, np.ascontiguousarray(decoded).data)
    except OSError as error:
        return Answer(job.row, lost=(error.errno or 0, error.strerror or str(error)))
    return Answer(job.row, pixel_digest(decoded).hex())


def main() -> None:
    """Answer until the starter is gone; it decides what becomes of the work when a signal comes."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what libraries print must not get between the answers
    path, color = json.loads(sys.stdin.readline())
    with RowFile.open(Path(path), writable=True) as rows, quiet():
        print(json.dumps(READY), file=answers, flush=True)
        for line in sys.stdin:
            answer = decode_into(rows, Job(*json.loads(line)), color)
            print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
