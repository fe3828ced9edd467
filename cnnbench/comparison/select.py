"""Which records count: those of the study that a folder was last asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnbench.comparison.settings import differing_keys, first_few
from cnnbench.comparison.values import located
from cnnbench.results.read import RecordedStudy
from cnnbench.results.record import MARGIN, Plan, Record, Status

Part = tuple[int, int | None]
"""Replicate and fold: equal parts of two series make a pair."""
_NO_PLAN = "no plan.json to go by, so that missing trials can't be told"


def in_order(part: Part) -> tuple[int, int]:
    """What sorts parts: replicate by replicate, fold by fold."""
    replicate, fold = part
    return replicate, -1 if fold is None else fold


@dataclass(frozen=True, slots=True)
class Series:
    """What becomes a row: the records of one variant on one backend.

    folder: where they stand. planned: the parts that the study asks for, None where no plan tells.
    """

    variant: str
    backend: str
    folder: str
    records: Mapping[Part, Record] = field(default_factory=dict)
    planned: tuple[Part, ...] | None = None

    @property
    def ok(self) -> dict[Part, Record]:
        """The records of trials that ended well, by part."""
        return {part: x for part, x in self.records.items() if x.status is Status.OK}

    @property
    def diverged(self) -> tuple[Record, ...]:
        """The records of trials that failed by what they are, not by the machine.

        Where there are some, those that ended well are a choice of the lucky ones.
        """
        failed = (x for x in self.records.values() if x.status is Status.FAILED)
        return tuple(record for record in failed if record.diverged)


@dataclass(frozen=True, slots=True)
class Selection:
    """The series of one recipe on one backend, in the order of the recipe.

    notes: what was left out. place: the results folder in short, "" where all come from one.
    margin: the smallest difference that matters. seen: whether the study's size was changed when
    its results could be seen.
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
    seen: bool = False

    @property
    def name(self) -> str:
        """The backend as a heading names it."""
        return located(self.backend, self.place)


def select(study: RecordedStudy) -> tuple[Selection, ...]:
    """What counts of a folder: one recipe and backend, or several if files were put together."""
    if study.plan:
        return (_planned(study, study.plan),)
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in study.records:
        groups.setdefault((record.recipe, record.backend), []).append(record)
    return tuple(
        _unplanned(study, recipe, backend, records) for (recipe, backend), records in groups.items()
    )


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
        Series(variant, plan.backend, folder, found.get(variant, {}), tuple(parts))
        for variant, parts in planned.items()
    )
    notes = []
    if plan.overrides:
        notes.append(f"changed on the command line: {', '.join(plan.overrides)}")
    if plan.looks:
        sizes = ", then ".join(str(n) for n in (*plan.looks, plan.replicates))
        notes.append(
            f"replicates were changed after a look ({sizes}), so that intervals of differences are "
            "those that hold whenever one looks, which are wider; a study with another seed, asked "
            "for in full from the start, has the narrower ones"
        )
    if others := sum(trial not in plan.trials for trial in recorded):
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
        seen=bool(plan.looks),
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
