"""The rulings of `cnnbench gate` in words."""

from __future__ import annotations

from cnnbench.comparison.rulings import Ruling
from cnnbench.report.printable import printable
from cnnbench.report.quantities import scale_of


def ruling_text(ruling: Ruling) -> str:
    """A sentence on one line: what has come of it, what was asked for, where, and the evidence."""
    evidence = ", ".join(filter(None, (ruling.verdict, _figure(ruling), ruling.why)))
    said = f"{ruling.outcome}: {ruling.subject} ({ruling.place})"
    text = f"{said}: {evidence}" if evidence else said
    return " ".join(printable(text).split())


def _figure(ruling: Ruling) -> str:
    estimate = ruling.estimate
    if estimate is None:
        return ""
    count = f"{estimate.n} {'pair' if ruling.paired else 'trial'}{'s' * (estimate.n != 1)}"
    if not ruling.paired:
        return f"{scale_of(ruling.metric.unit, [estimate]).value(estimate)}, {count}"
    scale = scale_of(ruling.metric.unit, [estimate], [estimate])
    return f"{scale.difference(estimate)} {scale.points}".rstrip() + f", {count}"
