"""Which records count: those of the study that a folder was last asked for."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cnnbench.comparison.inference.schedule import LookSchedule, fixed, kept_to
from cnnbench.comparison.inference.settle import Settlement
from cnnbench.comparison.metrics import Measure
from cnnbench.comparison.published import published_notes
from cnnbench.comparison.reach import READ, ImageSpread
from cnnbench.comparison.series import Part, Series
from cnnbench.comparison.settings import differing_keys, first_few
from cnnbench.comparison.settling import MEASURE, counted, settlement_notes, settlement_of
from cnnbench.comparison.values import located
from cnnbench.results.read import RecordedStudy
from cnnbench.results.record import MARGIN, Plan, Record

_MOST_READ = 500
"""Files of predictions that a comparison reads, at 1 to 2 ms each."""
_NO_PLAN = "no plan.json to go by, so that missing trials can't be told"


@dataclass(frozen=True, slots=True)
class Selection:
    """The series of one recipe on one backend, in the order of the recipe.

    notes: what was left out. place: the results folder in short, "" where all come from one.
    margin: the smallest difference that matters. schedule: when verdicts are taken; at any time
    where the study's size was changed when its results could be seen. settlement: where variants
    stand that go on until they are settled, None of a fixed number of replicates.
    published: accuracies that others reported of variants. spread: tells how much images differ.
    """

    recipe: str
    backend: str
    folder: str
    title: str
    baseline: str
    series: tuple[Series, ...]
    environments: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...] = ()
    place: str = ""
    margin: float = MARGIN
    schedule: LookSchedule = field(default_factory=fixed)
    settlement: Settlement | None = None
    published: Mapping[str, float] = field(default_factory=dict)
    spread: ImageSpread = field(default_factory=ImageSpread)

    @property
    def name(self) -> str:
        """The backend as a heading names it."""
        return located(self.backend, self.place)

    def notes_for(self, measure: Measure, baseline: str | None) -> list[str]:
        """The notes of a table, those on where variants stand first.

        They stand where they do by test accuracy against the recipe's own baseline, which is said
        where the table goes by another measure or baseline. baseline: None where it has several.
        """
        if not self.settlement:
            return list(self.notes)
        same = measure == MEASURE and baseline == self.baseline
        by = "" if same else f"by test accuracy against {self.baseline}: "
        return [*settlement_notes(self.settlement, by), *self.notes]


def select(study: RecordedStudy) -> tuple[Selection, ...]:
    """What counts of a folder: one recipe and backend, or several if files were put together."""
    if study.plan:
        return (_planned(study, study.plan),)
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in study.records:
        if record.member:
            continue
        groups.setdefault((record.recipe, record.backend), []).append(record)
    return tuple(
        _unplanned(study, recipe, backend, records) for (recipe, backend), records in groups.items()
    )


def sparing(
    selections: Sequence[Selection], known: MutableMapping[tuple[str, ...], float | None]
) -> list[Selection]:
    """The same, with no more predictions to be read than a comparison has time for.

    Of more than fifty variants fewer than ten of each are read, of more than 250 none. known: how
    much images differ, so far as it was found out of these results.
    """
    each = min(READ, _MOST_READ // max(1, sum(len(x.series) for x in selections)))
    each = each if each > 1 else 0  # one alone tells nothing
    spread = ImageSpread(each, known)
    return [replace(x, spread=spread) for x in selections]


def _planned(study: RecordedStudy, plan: Plan) -> Selection:
    folder = str(study.place)
    recorded = {record.trial: record for record in study.records}
    planned: dict[str, list[Part]] = {variant: [] for variant in plan.variants}
    found: dict[str, dict[Part, Record]] = {variant: {} for variant in plan.variants}
    for trial, (variant, replicate, fold) in plan.trials.items():
        planned.setdefault(variant, []).append((replicate, fold))
        if trial in recorded:
            found.setdefault(variant, {})[replicate, fold] = recorded[trial]
    series = tuple(
        Series(
            variant,
            plan.backend,
            folder,
            found.get(variant, {}),
            tuple(parts),
            images=plan.images,
        )
        for variant, parts in planned.items()
    )
    notes: list[str] = []
    schedule, settlement = LookSchedule(anytime=bool(plan.looks)), None
    if rule := plan.schedule:
        schedule = kept_to(rule.looks, rule.alpha, rule.spending, seen=bool(plan.looks))
        settlement = settlement_of(series, plan.baseline, schedule, plan.margin)
        series = counted(series, plan.baseline, settlement, rule.looks[0])
    notes += published_notes(plan.published)
    if plan.overrides:
        notes.append(f"changed on the command line: {', '.join(plan.overrides)}")
    if plan.looks:
        sizes = ", then ".join(str(n) for n in (*plan.looks, plan.replicates))
        notes.append(
            f"replicates were changed after a look ({sizes}), so that intervals of differences are "
            "those that hold whenever one looks, which are wider; a study with another seed, asked "
            "for in full from the start, has the narrower ones"
        )
    known = {*plan.trials, *plan.members}
    if others := sum(trial not in known for trial in recorded):
        notes.append(
            f"{others} {_records_of(others)} earlier settings, or of another recipe called "
            f"{plan.recipe}, left out; a folder of its own (--results) keeps a study apart"
        )
    return Selection(
        plan.recipe,
        plan.backend,
        folder,
        plan.title,
        plan.baseline,
        series,
        study.environments,
        tuple(notes),
        margin=plan.margin,
        schedule=schedule,
        settlement=settlement,
        published={name: figure.accuracy for name, figure in plan.published.items()},
    )


def _unplanned(study: RecordedStudy, recipe: str, backend: str, records: list[Record]) -> Selection:
    """Without a plan, the first variant is the baseline.

    Of each variant the newest settings count, so that no mean mixes two configurations, and of
    equal parts the newest record.
    """
    folder = str(study.place)
    recorded: dict[str, list[Record]] = {}
    for record in records:
        recorded.setdefault(record.variant, []).append(record)
    found: dict[str, dict[Part, Record]] = {}
    others = 0
    keys: dict[str, None] = {}
    for variant, candidates in recorded.items():
        candidates.sort(key=lambda record: record.started)
        newest = candidates[-1].settings
        counting = [record for record in candidates if record.settings == newest]
        found[variant] = {(x.replicate, x.fold): x for x in counting}
        others += len(candidates) - len(counting)
        for record in candidates:
            keys |= dict.fromkeys(differing_keys(record.settings, newest))
    notes = [_NO_PLAN]
    if others:
        notes.append(
            f"{others} {_records_of(others)} other settings than the newest left out, "
            f"which differ in {first_few(list(keys))}"
        )
    if older := len(records) - others - sum(map(len, found.values())):
        notes.append(f"{older} {_records_of(older)} the same replicate with older dates left out")
    return Selection(
        recipe,
        backend,
        folder,
        "",
        next(iter(found)),
        tuple(Series(variant, backend, folder, parts) for variant, parts in found.items()),
        study.environments,
        tuple(notes),
    )


def _records_of(count: int) -> str:
    return "record of" if count == 1 else "records of"
