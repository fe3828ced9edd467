"""Requirements of a verdict, by what `cnnbench compare` says."""

from __future__ import annotations

from dataclasses import replace

from cnnbench.comparison.inference.verdicts import Conclusion
from cnnbench.comparison.metrics import Metric
from cnnbench.comparison.requirements import VerdictRequirement
from cnnbench.comparison.rulings import GateOutcome, Ruling, no_loss, unknown_variant
from cnnbench.comparison.values import Comparison, Row, Table, name_of
from cnnbench.errors import ComparisonError


def verdict_rulings(requirement: VerdictRequirement, comparison: Comparison) -> list[Ruling]:
    """A ruling for each table that compares the variant, by the verdict that stands there."""
    metric = comparison.metric
    if metric.constant:
        raise ComparisonError(
            f"{metric.title} are counted and get no verdict; require a figure, as in "
            f"'{metric.name} of {requirement.variant} <= 100000'"
        )
    found = [(table, row) for table in comparison.tables for row in table.rows]
    matching = [(table, row) for table, row in found if row.variant == requirement.variant]
    if not matching:
        raise unknown_variant(requirement, [row.variant for _, row in found])
    compared = [(table, row) for table, row in matching if not row.is_baseline]
    if not compared:
        raise ComparisonError(
            f"--require {requirement.text!r}: {requirement.variant} is the baseline, which the "
            "others are compared with; name another variant, or require a figure of it"
        )
    return [
        _verdict_ruling(requirement, row, table, name_of(comparison, table), metric)
        for table, row in compared
    ]


def _verdict_ruling(
    requirement: VerdictRequirement, row: Row, table: Table, place: str, metric: Metric
) -> Ruling:
    ruling = Ruling(requirement.text, place, GateOutcome.OPEN, metric, row.difference)
    asked = row.recorded if row.planned is None else row.planned
    pairs = row.difference.n if row.difference else 0
    why = f"{asked - pairs} of {asked} pairs are missing" if asked > pairs else ""
    if row.judgement is None:
        return replace(ruling, why=why)
    said = row.judgement.verdict
    outcome = _meets(requirement, said.outcome)
    interval = row.judgement.interval
    if requirement.word == "not worse" and interval and outcome is GateOutcome.OPEN:
        allowed = table.margin.value if table.margin else 0.0
        outcome = no_loss(interval, allowed, higher_is_better=metric.higher_is_better)
    if said.outcome is Conclusion.DIVERGES:
        why = ""
    elif why and outcome is GateOutcome.HOLDS:
        outcome = GateOutcome.OPEN
    return replace(ruling, outcome=outcome, verdict=said.words, why=why)


def _meets(requirement: VerdictRequirement, said: Conclusion) -> GateOutcome:
    """What a word of `cnnbench compare` says of the one that was asked for."""
    if not said.settled:
        return GateOutcome.OPEN
    slightly = {Conclusion.SLIGHTLY_BETTER, Conclusion.SLIGHTLY_WORSE, Conclusion.SAME}
    match requirement.word:
        case "better":
            meets = said.helps
        case "worse":
            meets = said.hurts and said is not Conclusion.DIVERGES
        case "same":
            meets = said in slightly
        case "not worse":
            meets = said.helps or said in slightly
    return GateOutcome.HOLDS if meets else GateOutcome.FAILS
