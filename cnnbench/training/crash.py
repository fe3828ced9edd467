"""What is said about a bug: a record has room for a line, the file beside it for the traceback."""

from __future__ import annotations

import traceback

from cnnbench.results.failure import shortened

_LONGEST = 1000
"""Characters of what an error says of itself; some quote whole arrays."""


def describe_crash(error: BaseException) -> str:
    """Kind, text and place of a bug, in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    text = " ".join(str(error).split())
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return f"{type(error).__name__}: {text}{place}"


def whole_crash(error: BaseException) -> str:
    """The whole traceback, with those of its causes, as far as a file of a failure has room."""
    return shortened("".join(traceback.format_exception(error)))
