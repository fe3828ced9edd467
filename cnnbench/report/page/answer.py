"""What a chapter says, in sentences."""

from __future__ import annotations

from cnnbench.comparison.values import Comparison, Table
from cnnbench.report.chapters import Chapter, Line
from cnnbench.report.quantities import scale_of
from cnnbench.report.verdicts import Kind, judge

_NAMED = 6


def answer(chapter: Chapter) -> str:
    """Which variants are worth it, and which remain open."""
    known = [line for line in chapter.others if line.row.difference]
    if not known:
        return "Nothing can be compared yet: no variant has a pair with the baseline."
    kinds: dict[Kind, list[Line]] = {}
    for line in known:
        kinds.setdefault(judge(line).kind, []).append(line)
    sentences = []
    better = kinds.get(Kind.BETTER, [])
    sign = -1 if chapter.measure.metric.higher_is_better else 1
    better.sort(key=lambda line: sign * line.row.difference.mean if line.row.difference else 0.0)
    if better:
        first = better[0]
        sentences.append(
            f"{first.row.variant} is better than {_base(chapter)}: {_by(first, chapter)}."
        )
        if rest := better[1:]:
            sentences.append(f"So {_are(rest)} {_names(rest)}.")
    else:
        sentences.append(f"No variant is clearly better than {_base(chapter)}.")
    for kind, said in ((Kind.WORSE, "worse"), (Kind.SAME, "as good as the baseline")):
        if lines := kinds.get(kind):
            sentences.append(f"{_names(lines)} {_are(lines)} {said}.")
    if lines := kinds.get(Kind.OPEN):
        sentences.append(f"Open: {_names(lines)}.")
    return " ".join(sentences)


def answer_across(comparison: Comparison, table: Table) -> str:
    """Whether the same variant comes to the same on other backends."""
    known = [row for row in table.rows if row.difference]
    if not known:
        return f"No variant has a pair on {table.baseline} and on another backend."
    clear = [
        row
        for row in known
        if (difference := row.difference)
        and (interval := difference.interval)
        and (interval.low > 0 or interval.high < 0)
    ]
    largest = max(abs(row.difference.mean) for row in known if row.difference)
    scale = scale_of(comparison.metric.unit, [row.value for row in table.rows if row.value])
    size = f"{scale.factor * largest:.1f} {scale.points}".strip()
    return (
        f"Of {len(known)} comparisons of a variant with itself on {table.baseline}, "
        f"{len(clear) or 'none'} {'has' if len(clear) == 1 else 'have'} an interval without zero; "
        f"the largest difference is {size}."
    )


def _base(chapter: Chapter) -> str:
    return chapter.table.baseline


def _by(line: Line, chapter: Chapter) -> str:
    assert line.row.difference
    scale = chapter.scale
    return f"{scale.difference(line.row.difference)} {scale.points}".strip()


def _names(lines: list[Line]) -> str:
    names = [line.row.variant for line in lines]
    shown = names if len(names) <= _NAMED else [*names[:_NAMED], f"{len(names) - _NAMED} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def _are(lines: list[Line]) -> str:
    return "is" if len(lines) == 1 else "are"
