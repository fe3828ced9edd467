"""Choosing a variant of a recorded study by its validation images, and by nothing else."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from cnnbench.comparison.metrics import SPLITS, Measure, find_measure
from cnnbench.comparison.select import select
from cnnbench.comparison.series import Part, Series, in_order
from cnnbench.errors import ComparisonError, ResultsError
from cnnbench.recipe.configuration import Configuration
from cnnbench.report.run import plural
from cnnbench.results.read import RecordedStudy, read_results
from cnnbench.results.record import Plan, Record

VALIDATION = "validation"
assert VALIDATION in SPLITS


@dataclass(frozen=True, slots=True)
class Contender:
    """A variant by its mean value over the parts that all candidates have.

    values: of each part, in their order. parameters: of its network, None where not recorded.
    """

    variant: str
    values: tuple[float, ...]
    parameters: int | None

    @property
    def mean(self) -> float:
        """What the choice goes by."""
        return statistics.fmean(self.values)


@dataclass(frozen=True, slots=True)
class VariantChoice:
    """The variant that is best on the validation images.

    candidates: the best first. records: those of the chosen variant that ended well, by replicate.
    compared: the replicates that the means are over. notes: what limits the choice.
    """

    study: RecordedStudy
    plan: Plan
    measure: Measure
    candidates: tuple[Contender, ...]
    records: tuple[Record, ...]
    compared: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def variant(self) -> str:
        """The chosen one."""
        return self.candidates[0].variant

    @property
    def configuration(self) -> Configuration:
        """What a trial of it does."""
        return configuration_of(self.records[0])


def configuration_of(record: Record) -> Configuration:
    """The configuration that a record keeps as plain values. Raises ResultsError."""
    try:
        return Configuration.model_validate_json(json.dumps(record.settings))
    except ValueError as error:
        raise ResultsError(
            f"the settings of trial {record.trial} are none that this cnnbench knows: run the "
            "recipe again"
        ) from error


def choose(path: Path, metric: str = "accuracy") -> VariantChoice:
    """The best variant of the one study in a results folder.

    metric: one that is taken on images. Where means are equal, the network with fewer parameters is
    the better one, then the one that stands first in the recipe. Raises ResultsError and
    ComparisonError where there is no one study to choose from, or nothing to choose by.
    """
    study, plan = _one_study(path)
    measure = find_measure(metric, VALIDATION)
    if measure.metric.cost:
        raise ComparisonError(
            f"{measure.metric.title} is no ground to choose a network on: name a metric of images, "
            "such as accuracy, f1 or log_loss"
        )
    (selection,) = select(study)
    if plan.folds:
        raise ComparisonError(
            f"{plan.recipe} is a cross-validation: every image is tested in one of its "
            f"{plan.folds} folds, so that none is left to test a network that learns from all "
            "others; run the recipe with --set evaluation.folds=0, and pick from that"
        )
    able = [x for x in selection.series if x.ok and not x.diverged and not _is_made_of_several(x)]
    valued = {each.variant: _values(each, measure) for each in able}
    if not any(valued.values()):
        raise ComparisonError(
            f"no record in {study.place} holds the {measure.metric.title} of validation images, "
            "and nothing else may choose: run the recipe with data.validation"
        )
    valued = {variant: values for variant, values in valued.items() if values}
    shared = reduce(frozenset.intersection, (frozenset(values) for values in valued.values()))
    if not shared:
        raise ComparisonError(
            f"no replicate in {study.place} ended well in all of {', '.join(valued)}: "
            "run the recipe again, which trains what is missing"
        )
    compared = sorted(shared, key=in_order)
    found = [
        Contender(
            each.variant,
            tuple(valued[each.variant][part] for part in compared),
            next(iter(each.ok.values())).costs.parameters,
        )
        for each in able
        if each.variant in valued
    ]
    sign = -1 if measure.metric.higher_is_better else 1
    found.sort(key=lambda one: (sign * one.mean, one.parameters or 0))
    winner = next(each for each in able if each.variant == found[0].variant)
    return VariantChoice(
        study,
        plan,
        measure,
        tuple(found),
        tuple(winner.ok[part] for part in sorted(winner.ok, key=in_order)),
        tuple(replicate for replicate, _ in compared),
        (*_ties(found), *_notes(selection.series, valued, len(compared))),
    )


def _one_study(path: Path) -> tuple[RecordedStudy, Plan]:
    results = read_results([path])
    if len(results.studies) > 1:
        places = ", ".join(str(study.place) for study in results.studies)
        raise ComparisonError(
            f"{path} holds {len(results.studies)} studies, and pick chooses among the variants of "
            f"one on one backend: name one of {places}"
        )
    study = results.studies[0]
    if study.plan is None or study.plan.seed is None:
        lacking = "has no plan.json" if study.plan is None else "does not tell the recipe's seed"
        raise ComparisonError(
            f"{study.place} {lacking}, without which its splits can't be drawn again: run the "
            "recipe again, which trains nothing that is recorded and writes the plan"
        )
    return study, study.plan


def _values(series: Series, measure: Measure) -> dict[Part, float]:
    found = {part: measure.of(record) for part, record in series.ok.items()}
    return {part: value for part, value in found.items() if value is not None}


def _is_made_of_several(series: Series) -> bool:
    return any(record.ensemble or record.tuning for record in series.ok.values())


def _ties(candidates: Sequence[Contender]) -> tuple[str, ...]:
    best = candidates[0]
    equal = [one.variant for one in candidates[1:] if one.mean == best.mean]
    if not equal:
        return ()
    smaller = "it has the fewest parameters of them, or stands first in the recipe"
    return (f"{', '.join(equal)} did as well as {best.variant}: {smaller}",)


def _notes(
    series: tuple[Series, ...], valued: dict[str, dict[Part, float]], compared: int
) -> list[str]:
    notes = []
    for each in series:
        if each.diverged:
            notes.append(
                f"{each.variant} is left out, as {plural(len(each.diverged), 'trial')} diverged"
            )
        elif _is_made_of_several(each):
            tuned = any(record.tuning for record in each.ok.values())
            several = "its answers are those of several networks"
            reason = "its settings were chosen anew in each replicate" if tuned else several
            notes.append(f"{each.variant} is left out, as {reason}")
        elif each.variant not in valued:
            notes.append(f"{each.variant} is left out, as it has no result")
    asked = max(len(each.planned or each.records) for each in series)
    if compared < asked:
        notes.append(f"compared by {compared} of {asked} replicates, those that all variants have")
    if compared == 1:
        notes.append("one replicate only: the choice may be chance")
    return notes
