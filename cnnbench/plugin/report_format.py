"""What a report format is: a comparison as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReportFormat:
    """A format for `cnnbench compare --format NAME`.

        def tally(comparison):
            return f"{len(comparison.tables)} recipes"

        count = ReportFormat("count", tally, "how many recipes were compared")

    render: takes the comparison that `cnnbench.comparison` computed and returns the whole text. It
    is called only when the format is asked for, so that what it imports costs nobody else. Names in
    the comparison hold no control characters, but may be markup, or formulas for a spreadsheet.
    """

    name: str
    render: Callable[[Any], str]
    description: str = ""
