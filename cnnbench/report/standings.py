"""Where the variants of a run stand so far, by the trials that have ended."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean

from rich.table import Table
from rich.text import Text

from cnnbench.report.printable import printable
from cnnbench.results.record import Record, Status

_Parts = dict[tuple[int, int | None], float]
"""Test accuracies by replicate and fold."""


class Standings:
    """Mean test accuracies, and differences to the baseline over what both have.

    Means and no more: what they are worth is said by a comparison, at its looks.
    """

    def __init__(self, baseline: str, records: Iterable[Record] = ()) -> None:
        self._baseline = baseline
        self._known: dict[tuple[str, str], _Parts] = {}
        for record in records:
            self.hear(record)

    def hear(self, record: Record) -> None:
        """Count a record, unless it failed or is of a network that is only part of a variant."""
        if record.status is Status.OK and not record.member:
            parts = self._known.setdefault((record.backend, record.variant), {})
            parts[record.replicate, record.fold] = record.metrics["test"]["accuracy"]

    def table(self) -> Table | None:
        """A line a variant and backend, the baseline first; None if there is nothing to compare."""
        if len(self._known) <= 1:
            return None
        table = Table.grid(padding=(0, 2))
        table.add_column()  # of the variant's name, the one that may be cut
        for _ in range(4):
            table.add_column(justify="right", no_wrap=True)
        backends = dict.fromkeys(backend for backend, _ in self._known)
        first = sorted(self._known, key=lambda x: x[1] != self._baseline)
        for backend in backends:
            for name, parts in ((v, self._known[b, v]) for b, v in first if b == backend):
                table.add_row(
                    Text(printable(name), no_wrap=True, overflow="ellipsis"),
                    *([backend] if len(backends) > 1 else []),
                    f"n {len(parts)}",
                    f"{fmean(parts.values()):.1%}",
                    self._difference(parts, self._known.get((backend, self._baseline), {}), name),
                )
        return table

    def _difference(self, parts: _Parts, baseline: _Parts, name: str) -> str:
        """In points, over the pairs there are."""
        shared = parts.keys() & baseline.keys()
        if name == self._baseline:
            return "baseline"
        if not shared:
            return ""
        points = 100 * fmean(parts[x] - baseline[x] for x in shared)
        return f"{points:+.1f} points"
