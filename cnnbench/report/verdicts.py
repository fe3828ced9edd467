"""What a difference is called: the one place where pages and pictures ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cnnbench.comparison.inference.verdicts import Outcome
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
    """How large a difference is worth a word, None of metrics that have no margin."""
    return chapter.table.margin.value if chapter.table.margin else None


def judge(line: Line) -> Judgement:
    """What the table says of the row, in its words."""
    if line.row.judgement is None:
        return Judgement(Kind.OPEN, "open")
    verdict = line.row.judgement.verdict
    if verdict.outcome is Outcome.SAME:
        return Judgement(Kind.SAME, verdict.words)
    if verdict.outcome.helps:
        return Judgement(Kind.BETTER, verdict.words)
    return Judgement(Kind.WORSE if verdict.outcome.hurts else Kind.OPEN, verdict.words)
