"""Standard output of a run, which must go on whatever reads it."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

from rich.console import Console
from rich.status import Status


class Terminal(Console):
    """Prints what standard output can show; trials matter more than who watches them."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a title may hold what ASCII can't say

    def waiting(self, text: str) -> Status:
        """A spinner beside the text, for a `with` block."""
        return self.status(text, spinner="line" if self.options.ascii_only else "dots")

    def on_broken_pipe(self) -> None:
        """Go on in silence when the reader has gone, as `head` does, and say so once."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        say("Nobody reads the output any more; the trials go on.")


def say(text: str) -> None:
    """A sentence on standard error: broken between words on a terminal, one line in a log."""
    console = Console(stderr=True)
    console.print(text, highlight=False, markup=False, soft_wrap=not console.is_terminal)
