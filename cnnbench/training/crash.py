"""What is said about a bug: a record has room for a line, not for a traceback."""

from __future__ import annotations

import traceback


def describe_crash(error: BaseException) -> str:
    """Kind, text and place of a bug, in one line, and how to see the rest.

    The whole traceback goes to standard error, which a worker process keeps to itself.
    """
    traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}{place}; --executor inline shows the whole traceback"
