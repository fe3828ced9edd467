"""The command line: one file a command, each parses, calls and prints; no logic lives here.

Nothing heavy is imported at the top of these files: `cnnbench --help` must stay quick.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper

from cnnbench.cli.app import app
from cnnbench.errors import CnnbenchError, RecipeError
from cnnbench.report.printable import printable


def main() -> None:
    """Run the command line; an expected error is one sentence on stderr and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name may hold what the terminal's encoding lacks
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except CnnbenchError as error:
        text = printable(f"cnnbench: {_told(error)}")  # which may quote names of a foreign file
        print(text, file=sys.stderr)  # noqa: T201 - rich would wrap it
        sys.exit(2)


def _told(error: CnnbenchError) -> str:
    """The sentence; several mistakes in a recipe are a list."""
    if isinstance(error, RecipeError) and len(error.problems) > 1:
        return "\n  ".join([f"{len(error.problems):,} mistakes:", *error.lines])
    return str(error)
