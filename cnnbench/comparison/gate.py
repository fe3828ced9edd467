"""Whether records hold what is asked of them: no loss against stored ones, verdicts, figures.

Nothing is concluded that `cnnbench compare` would not: an interval decides, or leaves it open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from os.path import realpath

from cnnbench.comparison.again import Loss, Losses, losses_of
from cnnbench.comparison.compare import compare_results
from cnnbench.comparison.inference.judge import Differences, Judgement, judge
from cnnbench.comparison.inference.schedule import LookSchedule, shared
from cnnbench.comparison.intervals import Estimate, Interval
from cnnbench.comparison.judging import margin_for
from cnnbench.comparison.metrics import Measure
from cnnbench.comparison.places import selected
from cnnbench.comparison.reach import ImageSpread, image_part
from cnnbench.comparison.requirements import FigureRequirement, Requirement
from cnnbench.comparison.rulings import GateOutcome, Ruling, no_loss, unknown_variant
from cnnbench.comparison.select import Selection, select
from cnnbench.comparison.series import Series, in_order
from cnnbench.comparison.tables import resolution_of, test_fraction_of
from cnnbench.comparison.values import located
from cnnbench.comparison.wanted import verdict_rulings
from cnnbench.errors import ComparisonError
from cnnbench.results.read import ResultSet


@dataclass(frozen=True, slots=True)
class GateResult:
    """All rulings. notes: what limits them, a sentence each."""

    rulings: tuple[Ruling, ...]
    notes: tuple[str, ...] = ()

    @property
    def outcome(self) -> GateOutcome:
        """The worst of all: one that does not hold, else one that is open."""
        found = {ruling.outcome for ruling in self.rulings}
        return next(
            x for x in (GateOutcome.FAILS, GateOutcome.OPEN, GateOutcome.HOLDS) if x in found
        )


@dataclass(frozen=True, slots=True)
class _Case:
    """One of the comparisons that are corrected for each other.

    shift: what its values were lowered by. decide: what follows from the interval. lacking: why it
    can't hold yet whatever the interval, "" if it can. settled: an outcome that needs no interval.
    """

    ruling: Ruling
    values: Differences
    decide: Callable[[Interval], GateOutcome]
    shift: float = 0.0
    lacking: str = ""
    settled: bool = False


def gate(
    results: ResultSet,
    stored: ResultSet | None,
    requirements: Sequence[Requirement],
    measure: Measure,
) -> GateResult:
    """Judge results by stored ones and by requirements; records that are stored don't count twice.

    Losses and figures are one family for Holm's correction; a verdict is that of its table. Raises
    ComparisonError where there is nothing to judge, or a variant is not there.
    """
    if stored is None and not requirements:
        raise ComparisonError("there is nothing to judge by; give --against STORED, or --require")
    if stored is not None:
        files = {realpath(study.file) for study in stored.studies}
        own = tuple(x for x in results.studies if realpath(x.file) not in files)
        results = replace(results, studies=own)
    selections = selected(results)
    if not selections:
        raise ComparisonError(
            "the results are the stored ones themselves; name those of another run"
        )
    losses = Losses((), ())
    if stored is not None:
        losses = losses_of(
            selections, [x for study in stored.studies for x in select(study)], measure
        )
    cases = [_loss_case(x, measure) for x in losses.found]
    verdicts: list[Ruling] = []
    compared = cache(
        lambda: compare_results(results, metric=measure.metric.name, split=measure.split)
    )
    for requirement in requirements:
        if isinstance(requirement, FigureRequirement):
            cases += _figure_cases(requirement, selections)
        else:
            verdicts += verdict_rulings(requirement, compared())
    schedule = shared([*(x.schedule for x in selections), *losses.schedules])
    problems = (*results.problems, *(stored.problems if stored else ()))
    return GateResult((*_ruled(cases, schedule), *verdicts), (*problems, *losses.notes))


def _ruled(cases: Sequence[_Case], schedule: LookSchedule) -> tuple[Ruling, ...]:
    family = {str(i): case.values for i, case in enumerate(cases) if not case.settled}
    found = judge(family, schedule=schedule)
    return tuple(
        case.ruling if case.settled else _rule(case, found[str(i)]) for i, case in enumerate(cases)
    )


def _rule(case: _Case, judgement: Judgement) -> Ruling:
    interval = judgement.interval
    values = case.values.values[: judgement.n or None]
    if not values:
        return replace(case.ruling, why=case.lacking)
    mean = sum(values) / len(values) + case.shift
    if interval is None:
        why = case.lacking or "so few trials, or trials so alike, have no interval"
        return replace(case.ruling, estimate=Estimate(mean, len(values)), why=why)
    outcome = case.decide(interval)
    moved = Interval(interval.low + case.shift, interval.high + case.shift)
    if outcome is GateOutcome.HOLDS and case.lacking:
        outcome = GateOutcome.OPEN
    estimate = Estimate(mean, len(values), moved)
    return replace(case.ruling, outcome=outcome, estimate=estimate, why=case.lacking)


def _loss_case(loss: Loss, measure: Measure) -> _Case:
    subject = f"no loss of {measure.metric.title} in {loss.variant}"
    ruling = Ruling(subject, loss.place, GateOutcome.OPEN, measure.metric)
    if loss.diverges:
        ruling = replace(ruling, outcome=GateOutcome.FAILS, why=loss.diverges)
    margin = margin_for(measure, loss.margin)
    allowed = margin.value if margin else 0.0

    def decide(interval: Interval) -> GateOutcome:
        return no_loss(interval, allowed, higher_is_better=measure.metric.higher_is_better)

    return _Case(ruling, loss.values, decide, lacking=loss.lacking, settled=bool(loss.diverges))


def _figure_cases(requirement: FigureRequirement, selections: Sequence[Selection]) -> list[_Case]:
    found = [(x, series) for x in selections for series in x.series]
    if requirement.variant not in {series.variant for _, series in found}:
        raise unknown_variant(requirement, [series.variant for _, series in found])
    return [
        _figure_case(requirement, series, located(f"{x.recipe} on {x.backend}", x.place), x.spread)
        for x, series in found
        if series.variant == requirement.variant
    ]


def _figure_case(
    requirement: FigureRequirement, series: Series, place: str, spread: ImageSpread
) -> _Case:
    measure, number = requirement.measure, requirement.number
    values = series.values(measure)
    ruling = Ruling(requirement.text, place, GateOutcome.OPEN, measure.metric, paired=False)
    records = {part: series.ok[part] for part in values}
    shared, _ = image_part(series, values, measure, spread)
    shifted = tuple(values[part] - number for part in sorted(values, key=in_order))
    family = Differences(
        shifted,
        test_fraction=test_fraction_of(records),
        resolution=resolution_of(records.values(), measure),
        shared=shared,
    )
    asked = len(series.planned or series.records)
    missing = asked - len(values)
    lacking = f"{missing} of {asked} trials have no {measure.metric.title}" if missing > 0 else ""

    def decide(interval: Interval) -> GateOutcome:
        low, high = interval.low, interval.high
        if not requirement.wants_more:
            low, high = -high, -low
        strict = "=" not in requirement.operator
        if low > 0 or (low == 0 and not strict):
            return GateOutcome.HOLDS
        return GateOutcome.FAILS if high < 0 or (high == 0 and strict) else GateOutcome.OPEN

    settled = False
    if series.diverged and not measure.metric.constant:
        why = f"diverges {len(series.diverged)}/{len(series.records)}"
        ruling, settled = replace(ruling, outcome=GateOutcome.FAILS, why=why), True
    elif measure.metric.constant and values:  # counted, so that nothing is uncertain
        outcomes = {decide(Interval(value, value)) for value in shifted}
        outcome = outcomes.pop() if len(outcomes) == 1 else GateOutcome.FAILS
        mean = sum(values.values()) / len(values)
        estimate = Estimate(mean, len(values))
        ruling, settled = replace(ruling, outcome=outcome, estimate=estimate), True
    return _Case(ruling, family, decide, number, lacking, settled)
