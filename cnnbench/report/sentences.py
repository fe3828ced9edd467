"""What stands around a table: the answer before it, and what its numbers mean after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnnbench.comparison.inference.verdicts import Conclusion
from cnnbench.comparison.metrics import Unit
from cnnbench.comparison.values import Comparison, Reach, Row, Table
from cnnbench.report.cells import scale_for
from cnnbench.report.columns import reference_of
from cnnbench.report.curve import curve_answer
from cnnbench.report.quantities import Scale, percent

Verb = tuple[str, str, str]
"""Of one variant, of several, and after another verb."""
_NAMED = 3
"""Variants named one by one in an answer."""


def answer_of(comparison: Comparison, table: Table) -> str:
    """What the table says in a sentence; "" for backends, for all pairs, and if nothing is judged.

    Of a curve a sentence an amount, as `cnnbench.report.curve` has it.

    Augmentation helps: +4.8 points [+1.5, +6.9], 8 of 8 pairs; nothing else is settled.
    """
    if table.curve:
        return curve_answer(comparison, table, table.curve)
    rows = [row for row in table.rows if row.judgement]
    if comparison.by != "variant" or not rows or any(row.against for row in rows):
        return ""
    scale = scale_for(comparison, table)
    better, worse = _directions(comparison)
    parts = [
        *_effects(_with(rows, Conclusion.BETTER), better, scale),
        *_effects(_with(rows, Conclusion.SLIGHTLY_BETTER), better, scale, _little(table)),
        *_effects(_with(rows, Conclusion.WORSE), worse, scale),
        *_effects(_with(rows, Conclusion.SLIGHTLY_WORSE), worse, scale, _little(table)),
        *_groups(
            _with(rows, Conclusion.SAME), "makes", "make", f"no difference of {_margin(table)}"
        ),
        *_groups(_with(rows, Conclusion.DIVERGES), "diverges", "diverge"),
    ]
    if any(not _outcome(row).settled for row in rows):
        parts.append("nothing else is settled" if parts else "nothing is settled")
    parts += [
        *_groups(_with(rows, Conclusion.MAYBE_BETTER), f"may {better[2]}"),
        *_groups(_with(rows, Conclusion.MAYBE_WORSE), f"may {worse[2]}"),
    ]
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def explanation_of(comparison: Comparison, table: Table) -> str:
    """What the numbers mean, and what a network must be better than."""
    return " ".join((*_numbers(comparison, table), *_words(table), *_finds(comparison, table)))


def finds_of(comparison: Comparison, table: Table) -> str:
    """What these replicates and more of them can be expected to find; "" where all is settled."""
    return "".join(_finds(comparison, table))


def _numbers(comparison: Comparison, table: Table) -> Iterator[str]:
    over = (
        f"replicates and folds, corrected for shared {table.things}"
        if table.folds
        else "replicates"
    )
    unit = " in percentage points," if comparison.metric.unit is Unit.FRACTION else ""
    direction = "higher" if comparison.metric.higher_is_better else "lower"
    other = reference_of(comparison, table) or "the baseline"
    shown = {"±": has_intervals(table), "[ ]": _has_judged_intervals(table)}
    if comparison.metric.constant:
        yield "Counted from the network, so without intervals."
    elif marks := [mark for mark, is_there in shown.items() if is_there]:
        are = "are 95 % intervals" if len(marks) > 1 else "is a 95 % interval"
        corrected = _corrected(table) if shown["[ ]"] else ""
        yield f"{' and '.join(marks)} {are} over {over}{reach_of(comparison, table)}{corrected}."
    yield f"Differences are to {other},{unit} paired; {direction} is better."
    if table.chance is not None:
        majority = ""
        if table.majority is not None:
            majority = f", of the most frequent class {percent(table.majority)}"
        yield f"Level of chance {percent(table.chance)}{majority}."
    means = () if comparison.metric.constant else ("values are means",)
    medians = () if comparison.metric.name == "training" else ("training is a median",)
    yield f"{', '.join((*means, *medians)).capitalize()}."


def reach_of(comparison: Comparison, table: Table) -> str:
    """Whether the values' intervals speak of new images, with a comma before it; "" of costs."""
    if comparison.metric.cost or table.folds:
        return ""
    known = [row for row in table.rows if row.value and row.value.interval]
    short = [row.variant for row in known if row.reach is Reach.REPLICATES]
    if not known:
        return ""
    if len(short) == len(known):
        return f", ± of these {comparison.split} {table.things} alone"
    but = f" (but {listed(list(dict.fromkeys(short)))})" if short else ""
    return f", ± over new {comparison.split} {table.things} too{but}"


def has_intervals(table: Table) -> bool:
    """Whether any value has one, which takes two trials."""
    return any(row.value and row.value.interval for row in table.rows)


def _has_judged_intervals(table: Table) -> bool:
    return any(row.difference and row.difference.interval for row in table.rows)


def _corrected(table: Table) -> str:
    asking = [f"{table.family} comparisons"] if table.family > 1 else []
    if looks := looks_of(table):
        asking.append(f"looks after {looks}")
    return f", [ ] as strict as {' and '.join(asking)} ask for" if asking else ""


def looks_of(table: Table) -> str:
    """The looks that verdicts hold at, 5, 8, 12 and 20 replicates; "" where none were kept to."""
    if table.anytime or not table.looks:
        return ""
    return f"{listed([str(look) for look in table.looks])} replicates"


def _words(table: Table) -> Iterator[str]:
    """What the verdicts of the table mean, those that it has."""
    outcomes = {_outcome(row) for row in table.rows if row.judgement}
    claims = {x for x in outcomes if x.helps or x.hurts} - {Conclusion.DIVERGES}
    said = []
    if claims:
        corrected = f" after Holm's correction for {table.family} comparisons"
        said.append(f"better, worse:{corrected if table.family > 1 else ' zero is outside [ ]'}")
    if outcomes & {Conclusion.MAYBE_BETTER, Conclusion.MAYBE_WORSE}:
        said.append("better?, worse?: only if it were the one comparison")
    if Conclusion.SAME in outcomes:
        said.append(f"same: all of [ ] is within {_margin(table)}")
    if Conclusion.OPEN in outcomes:
        wide = _has_judged_intervals(table)
        said.append(f"open: {'[ ] leaves room for both' if wide else 'one pair settles nothing'}")
    if said:
        sentence = "; ".join(said)
        yield f"{sentence[0].upper()}{sentence[1:]}."


def _finds(comparison: Comparison, table: Table) -> Iterator[str]:
    """What the replicates at hand, and more of them, can be expected to find."""
    if not table.finds or not any(
        row.judgement and not _outcome(row).settled for row in table.rows
    ):
        return
    scale = scale_for(comparison, table)
    (n, size), *more = table.finds
    text = f"{n} replicates find a difference of {_size(size, scale)} in 4 of 5 studies"
    yield "; ".join((text, *(f"{m}: {_size(s, scale, unit=False)}" for m, s in more))) + "."


def _size(size: float, scale: Scale, *, unit: bool = True) -> str:
    number = f"{size * scale.factor:,.{scale.difference_decimals}f}"
    return f"{number} {scale.points}".rstrip() if unit else number


def _effects(rows: Sequence[Row], verb: Verb, scale: Scale, how: str = "") -> Iterator[str]:
    """NAME helps: +4.8 points [+1.5, +6.9], 8 of 8 pairs; several by name and size."""
    if len(rows) == 1:
        (row,) = rows
        yield f"{row.variant} {verb[0]}{how}: {_evidence(row, scale)}"
    elif rows:
        named = [f"{row.variant} ({_mean(row, scale)})" for row in rows[:_NAMED]]
        if len(rows) > _NAMED:
            named.append(f"{len(rows) - _NAMED} more")
        yield f"{listed(named)} {verb[1]}{how}"


def _groups(rows: Sequence[Row], one: str, several: str = "", what: str = "") -> Iterator[str]:
    """NAMES does, or do, WHAT."""
    if rows:
        names = [row.variant for row in rows]
        verb = one if len(rows) == 1 or not several else several
        yield f"{listed(names)} {verb} {what}".rstrip()


def _evidence(row: Row, scale: Scale) -> str:
    assert row.judgement is not None
    assert row.difference is not None
    interval = row.difference.interval
    mean = _mean(row, scale)
    ends = scale.difference(row.difference).partition(" ")[2] if interval else ""
    return f"{mean} {ends}, {row.judgement.won} of {row.judgement.n} pairs"


def _mean(row: Row, scale: Scale) -> str:
    assert row.difference is not None
    return f"{scale.difference(row.difference).partition(' ')[0]} {scale.points}".rstrip()


def _with(rows: Sequence[Row], outcome: Conclusion) -> list[Row]:
    """Those with the outcome, the largest difference first."""
    found = [row for row in rows if _outcome(row) is outcome]
    return sorted(found, key=lambda row: -abs(row.difference.mean) if row.difference else 0.0)


def _outcome(row: Row) -> Conclusion:
    assert row.judgement is not None
    return row.judgement.verdict.outcome


def _directions(comparison: Comparison) -> tuple[Verb, Verb]:
    """The verbs for better and worse."""
    if comparison.metric.cost:
        return ("is better", "are better", "be better"), ("is worse", "are worse", "be worse")
    return ("helps", "help", "help"), ("hurts", "hurt", "hurt")


def _little(table: Table) -> str:
    return f", by less than {_margin(table)}"


def _margin(table: Table) -> str:
    return table.margin.words if table.margin else ""


def listed(words: Sequence[str]) -> str:
    """The words one, two and three; at least one."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
