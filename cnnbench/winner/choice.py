"""Choosing a variant of a recorded study by its validation images, and by nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from cnnbench.comparison.classes import things_of
from cnnbench.comparison.metrics import SPLITS, Measure, find_measure
from cnnbench.comparison.select import select
from cnnbench.comparison.series import Part, Series, in_order
from cnnbench.errors import ComparisonError, ResultsError, did_you_mean
from cnnbench.recipe.configuration import Configuration
from cnnbench.results.read import RecordedStudy, read_results
from cnnbench.results.record import Plan, Record, Status
from cnnbench.winner.contender import Contender, choice_notes
from cnnbench.winner.tuned import ChosenSetting, choose_setting

VALIDATION = "validation"
assert VALIDATION in SPLITS


@dataclass(frozen=True, slots=True)
class VariantChoice:
    """The variant that is taken home: the best on the validation images, or one that was named.

    candidates: the best first. variant: the one taken. named: whether it was asked for by name.
    records: those of it that ended well, by replicate; of a tuned variant those of the candidate
    that is taken, `setting`. compared: the replicates that the means are over. notes: what limits
    the choice.
    """

    study: RecordedStudy
    plan: Plan
    measure: Measure
    candidates: tuple[Contender, ...]
    variant: str
    named: bool
    records: tuple[Record, ...]
    compared: tuple[int, ...]
    notes: tuple[str, ...]
    setting: ChosenSetting | None = None

    @property
    def judged(self) -> tuple[int, ...]:
        """The replicates whose validation images had a part in the choice."""
        compared = set() if self.named else set(self.compared)
        settings = {record.replicate for record in self.records} if self.setting else set()
        return tuple(sorted(compared | settings))


def configuration_of(record: Record) -> Configuration:
    """The configuration that a record keeps as plain values. Raises ResultsError."""
    try:
        return Configuration.model_validate_json(json.dumps(record.settings))
    except ValueError as error:
        raise ResultsError(
            f"the settings of trial {record.trial} are none that this cnnbench knows: run the "
            "recipe again"
        ) from error


def choose(path: Path, metric: str = "accuracy", variant: str | None = None) -> VariantChoice:
    """The best variant of the one study in a results folder.

    metric: one that is taken on images. variant: to be taken whatever validation says. Where means
    are equal, the network with fewer parameters is the better one, then the one that stands first
    in the recipe. Raises ResultsError and ComparisonError where there is no one study to choose
    from, or nothing to choose by.
    """
    study, plan = _one_study(path)
    measure = find_measure(metric, VALIDATION)
    if measure.metric.cost:
        raise ComparisonError(
            f"{measure.metric.title} is no ground to choose a network on: name a metric of "
            "quality, such as accuracy, f1 or log_loss"
        )
    (selection,) = select(study)
    if plan.folds:
        of_what = things_of(x for each in selection.series for x in each.ok.values())
        raise ComparisonError(
            f"{plan.recipe} is a cross-validation: each of the {of_what} is tested in one of its "
            f"{plan.folds} folds, so that none is left to test a network that learns from all "
            "others; run the recipe with --set evaluation.folds=0, and pick from that"
        )
    able = [x for x in selection.series if x.ok and not x.diverged]
    valued = {each.variant: values for each in able if (values := _values(each, measure))}
    named = None if variant is None else _named(variant, selection.series, study)
    if not valued and not named:
        raise ComparisonError(_nothing_to_choose_by(study, selection.series, measure))
    shared = reduce(frozenset.intersection, map(frozenset, valued.values())) if valued else ()
    if not shared and not named:
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
        if compared and each.variant in valued
    ]
    sign = -1 if measure.metric.higher_is_better else 1
    found.sort(key=lambda one: (sign * one.mean, one.parameters or 0))
    winner = named or next(each for each in able if each.variant == found[0].variant)
    records = tuple(winner.ok[part] for part in sorted(winner.ok, key=in_order))
    setting = choose_setting(study, records) if records[0].tuning else None
    return VariantChoice(
        study,
        plan,
        measure,
        tuple(found),
        winner.variant,
        bool(named),
        setting.records if setting else records,
        tuple(replicate for replicate, _ in compared),
        choice_notes(selection.series, found, named.variant if named else None),
        setting,
    )


def _named(name: str, series: Sequence[Series], study: RecordedStudy) -> Series:
    """The variant of that name. Raises ComparisonError where nothing of it can be trained again."""
    known = {each.variant: each for each in series}
    if name not in known:
        raise ComparisonError(
            f"there is no variant {name!r} in {study.place}{did_you_mean(name, known, 'variants')}"
        )
    if not known[name].ok:
        lost = known[name].diverged  # and would be again, however often the recipe is run
        advice = lost[0].reason if lost else "run the recipe again"
        raise ComparisonError(f"no trial of {name} in {study.place} ended well: {advice}")
    return known[name]


def _nothing_to_choose_by(study: RecordedStudy, series: Sequence[Series], measure: Measure) -> str:
    records = [record for each in series for record in each.records.values()]
    if not any(record.status is Status.OK for record in records):
        why = next((f" ({x.variant}: {x.reason})" for x in records if x.reason), "")
        return f"no trial in {study.place} ended well{why}: mend that and run the recipe again"
    if ended := next((each.variant for each in series if each.ok and each.diverged), ""):
        return (
            f"no variant in {study.place} is left to choose: training diverged, as in {ended}; "
            "lower training.learning_rate and run the recipe again"
        )
    return (
        f"no record in {study.place} holds the {measure.metric.title} of validation "
        f"{things_of(records)}, and nothing else may choose: run the recipe with data.validation, "
        "or name a variant with --variant"
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
