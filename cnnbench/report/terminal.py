"""Standard output of a run, which must go on whatever reads it."""

from __future__ import annotations

import sys
from io import TextIOWrapper

from rich.console import Console
from rich.status import Status

from cnnbench.report.printable import printable
from cnnbench.report.streams import StandardStream


class Terminal(Console):
    """Prints what standard output can show; trials matter more than who watches them."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        if isinstance(sys.stdout, StandardStream):
            sys.stdout.patient = True
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a title may hold what ASCII can't say

    def waiting(self, text: str) -> Status:
        """A spinner beside the text, for a `with` block."""
        return waiting(self, text)


def waiting(console: Console, text: str) -> Status:
    """A spinner beside the text, on any console."""
    return console.status(text, spinner="line" if console.options.ascii_only else "dots")


def say(text: str) -> None:
    """A sentence on standard error: broken between words on a terminal, one line in a log."""
    console = Console(stderr=True)
    console.print(printable(text), highlight=False, markup=False, soft_wrap=not console.is_terminal)
