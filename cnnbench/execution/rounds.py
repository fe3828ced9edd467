"""What of a study is to run next: all that is missing, or what its next look waits for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from cnnbench.comparison.inference.settle import Settlement
from cnnbench.comparison.select import select
from cnnbench.comparison.settling import look_sentence
from cnnbench.execution.bases import bases_first
from cnnbench.execution.budget import Budget
from cnnbench.planning.prepare import Prepared
from cnnbench.planning.study import Study
from cnnbench.results.layout import RECORDS
from cnnbench.results.read import RecordedStudy, newest_records
from cnnbench.trials.trial import Trial


@dataclass(frozen=True, slots=True)
class Due:
    """next: trials to run before the next look, or all of a fixed number of replicates.

    most: those and all that may follow, whatever the looks say. settlement: where the variants
    stand, None of a fixed number of replicates.
    """

    next: tuple[Trial, ...]
    most: tuple[Trial, ...]
    settlement: Settlement | None = None


def due_trials(study: Study, *, counting: Collection[str] | None = None) -> Due:
    """What is to run of a study, by what is recorded of it now.

    counting: ids of trials whose records count alone, as of a study that is run anew.
    """
    missing = study.missing if counting is not None else study.still_missing()
    if study.plan.schedule is None:
        return Due(missing, missing)
    settlement = _settlement(study, counting)
    first, *_, last = study.plan.schedule.looks
    unable = study.store.unsupported(each.id for each in study.wanted)
    refused = {each.variant for each in study.wanted if each.id in unable}
    wanted, ends = {}, {}
    compared = {each.variant for each in study.wanted} & {*study.plan.variants}
    for name in compared - {study.plan.baseline}:
        standing = settlement.standings.get(name)
        wanted[name] = (standing.wants or standing.look) if standing else first
        goes_on = standing.goes_on if standing else name not in refused
        ends[name] = last if goes_on else wanted[name]
    if not wanted:  # nothing is compared with the baseline
        wanted[study.plan.baseline] = ends[study.plan.baseline] = first
    users = _users(study)
    return Due(_up_to(missing, wanted, users), _up_to(missing, ends, users), settlement)


def _users(study: Study) -> Mapping[str, set[str]]:
    """The variants that need a trial, by its id: its own, those on its base, or that combine it."""
    users = {trial.id: {trial.variant} for trial in study.trials if not trial.is_base}
    users |= {trial.id: set() for trial in study.trials if trial.is_base}
    for combination in study.combinations:
        for trial in combination.trials:
            users[trial.id].add(combination.variant)
    for trial in study.trials:
        if trial.starts_from:
            users[trial.starts_from] |= users[trial.id]
    return users


def _up_to(
    trials: tuple[Trial, ...], limits: Mapping[str, int], users: Mapping[str, set[str]]
) -> tuple[Trial, ...]:
    """Those of the replicates that each variant needs; the baseline as many as any of them."""
    longest = max(limits.values())
    return tuple(
        x
        for x in trials
        if any(x.replicate < limits.get(variant, longest) for variant in users[x.id])
    )


def _settlement(study: Study, counting: Collection[str] | None) -> Settlement:
    records = newest_records(study.store.folder)
    if counting is not None:
        whole = {x.id for x in study.combinations if all(y.id in counting for y in x.trials)}
        records = {id_: x for id_, x in records.items() if id_ in counting or id_ in whole}
    recorded = RecordedStudy(study.store.folder / RECORDS, tuple(records.values()), study.plan)
    (selection,) = select(recorded)
    assert selection.settlement is not None
    return selection.settlement


def due_of(prepared: Prepared, *, anew: bool = False) -> tuple[Due, ...]:
    """What is due of each study, before anything is run."""
    return tuple(due_trials(study, counting=() if anew else None) for study in prepared.studies)


@dataclass(frozen=True, slots=True)
class Round:
    """trials: to run now, a part of the whole round, as bases come before what starts from them.

    added: that are due since the last look; look: what it came to.
    """

    trials: tuple[Trial, ...]
    whole: tuple[Trial, ...]
    added: tuple[Trial, ...] = ()
    look: str = ""


@dataclass(slots=True)
class Rounds:
    """The trials of a study, round by round: what is due is asked anew after each.

    What has run in these rounds is not given again, so that a trial that fails ends them; the same
    command tries it again. anew: whether recorded trials run again, too, and only what has run here
    counts. given: ids. cut: whether the budget ended them.
    """

    study: Study
    budget: Budget
    anew: bool = False
    given: set[str] = field(default_factory=set)
    cut: bool = False

    def __iter__(self) -> Iterator[Round]:
        known: set[str] = set()
        while True:
            due = due_trials(self.study, counting=self.given if self.anew else None)
            left = tuple(trial for trial in due.next if trial.id not in self.given)
            trials = self.budget.fitting(left)
            self.cut = len(trials) < len(left)
            if not trials:
                return
            added = tuple(trial for trial in left if trial.id not in known) if known else ()
            look = look_sentence(due.settlement) if added and due.settlement else ""
            known |= {trial.id for trial in left}
            self.given |= {trial.id for trial in trials}
            for part in bases_first(trials):
                yield Round(part, trials, added, look)
                added, look = (), ""
