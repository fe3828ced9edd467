"""The command line: one file a command, each parses, calls and prints; no logic lives here.

Nothing heavy is imported at the top of these files: `cnnbench --help` must stay quick.
"""

from __future__ import annotations

import sys

from cnnbench.cli.app import app
from cnnbench.errors import CnnbenchError


def main() -> None:
    """Run the command line; an expected error is one sentence on stderr and exit code 2."""
    try:
        app()
    except CnnbenchError as error:
        print(f"cnnbench: {error}", file=sys.stderr)  # noqa: T201 - rich would wrap the sentence
        sys.exit(2)
