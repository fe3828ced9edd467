"""The command line: one file a command, each parses, calls and prints; no logic lives here.

Nothing heavy is imported at the top of these files: `cnnbench --help` must stay quick.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnnbench.cli.farewell import watch_the_end
from cnnbench.cli.stopping import stoppable

if TYPE_CHECKING:
    from cnnbench.errors import CnnbenchError


def main() -> None:
    """Run the command line; an expected error is one sentence on stderr and exit code 2.

    Exit code 1 also where standard output can't be written.
    """
    with stoppable():  # first of all: a signal may come at any moment
        if not os.environ.get("COLUMNS", "80").strip("0"):
            del os.environ["COLUMNS"]  # a terminal without a size: rich would print nothing at all
        from cnnbench.report.streams import standard_streams

        warnings.showwarning = _said(warnings.showwarning)
        with standard_streams() as lost:
            code = _code()
            watch_the_end()
            sys.exit(code or int(lost()))


def _said(show: Callable[..., Any]) -> Callable[..., Any]:
    """Warnings of cnnbench itself as sentences for its user, others as they are."""

    def show_warning(
        message: Warning | str, category: type[Warning], *place: Any, **more: Any
    ) -> None:
        if category.__module__.partition(".")[0] != "cnnbench":
            show(message, category, *place, **more)
            return
        from cnnbench.report.terminal import say

        say(f"note: {message}")

    return show_warning


def _code() -> int | str | None:
    """Run a command; the exit code that it ends with."""
    from cnnbench.cli.app import app
    from cnnbench.errors import CnnbenchError
    from cnnbench.report.printable import printable

    try:
        app()
    except CnnbenchError as error:
        text = printable(f"cnnbench: {_told(error)}")  # which may quote names of a foreign file
        print(text, file=sys.stderr)  # noqa: T201 - rich would wrap it
        return 2
    except SystemExit as ended:
        return ended.code
    return 0


def _told(error: CnnbenchError) -> str:
    """The sentence; several mistakes in a recipe are a list."""
    from cnnbench.errors import RecipeError

    if isinstance(error, RecipeError) and len(error.problems) > 1:
        return "\n  ".join([f"{len(error.problems):,} mistakes:", *error.lines])
    return str(error)
