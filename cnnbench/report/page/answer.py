"""What a chapter says, in a sentence."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from cnnbench.comparison.values import Comparison, Table
from cnnbench.report.cells import scale_for
from cnnbench.report.chapters import NO_DIFFERENCE, Chapter
from cnnbench.report.pictures.canvas import short
from cnnbench.report.sentences import answer_of

_LONGEST = 60
"""Characters of a name; the table has all of them."""


def answer(chapter: Chapter) -> str:
    """Which variants are worth it, as the table has it."""
    table = chapter.table
    rows = tuple(replace(row, variant=short(row.variant, _LONGEST)) for row in table.rows)
    if said := answer_of(chapter.comparison, replace(table, rows=rows)):
        return said
    metric = chapter.measure.metric
    if metric.constant:
        return f"{metric.title[0].upper()}{metric.title[1:]} are counted, so nothing is uncertain."
    return f"Nothing can be compared yet: {NO_DIFFERENCE}."


def answer_across(comparison: Comparison, table: Table) -> str:
    """Whether the same variant comes to the same on other backends."""
    known = [row for row in table.rows if row.difference]
    if not known:
        return f"No variant has a pair on {table.baseline} and on another backend."
    words = Counter(row.judgement.verdict.words for row in known if row.judgement)
    said = ", ".join(f"{count} {word}" for word, count in words.most_common())
    scale = scale_for(comparison, table)
    largest = max(abs(row.difference.mean) for row in known if row.difference)
    size = f"{scale.factor * largest:,.{scale.difference_decimals}f} {scale.points}".strip()
    return (
        f"{len(known)} comparisons of a variant with itself on {table.baseline}"
        f"{f': {said}' if said else ''}; the largest mean difference is {size}."
    )
