"""What a difference is called: the one place where pages and pictures ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cnnbench.comparison.metrics import Unit
from cnnbench.report.chapters import Chapter, Line


class Kind(StrEnum):
    """Which way a difference goes, if it is clear that it goes one."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A kind, and the words for it."""

    kind: Kind
    text: str


def margin_of(chapter: Chapter) -> float | None:
    """How large a difference is worth a word, None where nobody said."""
    return 0.01 if chapter.measure.metric.unit is Unit.FRACTION else None


def judge(line: Line, chapter: Chapter) -> Judgement:
    """What the interval says."""
    difference = line.row.difference
    if difference is None or difference.interval is None:
        return Judgement(Kind.OPEN, "open")
    sign = 1 if chapter.measure.metric.higher_is_better else -1
    if sign * difference.interval.low > 0 and sign * difference.interval.high > 0:
        return Judgement(Kind.BETTER, "better")
    if sign * difference.interval.low < 0 and sign * difference.interval.high < 0:
        return Judgement(Kind.WORSE, "worse")
    return Judgement(Kind.OPEN, "open")
