"""Keeping what frameworks say to themselves from the terminal of somebody who asked for a table."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def hushed() -> Iterator[None]:
    """Set aside what this process prints on standard error, C++ included; show it in a failure.

    With `-v` everything is shown as it comes.
    """
    if logging.getLogger("cnnbench").isEnabledFor(logging.INFO):
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            _restore(kept)
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace"))
            raise
        _restore(kept)


def _restore(kept: int) -> None:
    sys.stderr.flush()
    os.dup2(kept, 2)
    os.close(kept)
