"""Whether a study was seen before it was asked for in its present size."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cnnbench.errors import ResultsError
from cnnbench.results.record import Plan
from cnnbench.results.store import Store

Ended = Callable[[Iterable[str]], frozenset[str]]
"""Those of some trials that have a record."""


def plan_before(store: Store) -> Plan | None:
    """The study last asked for in a folder; a damaged plan counts as none, as it gets replaced."""
    try:
        return store.read_plan()
    except ResultsError:
        return None


def with_kept_looks(before: Plan | None, plan: Plan) -> Plan:
    """The plan with the looks that the study was begun with, where it is the same study.

    Between the same first and last one an earlier version of cnnbench took fewer; limits were
    fixed by those before the first trial.
    """
    if before is None or before.schedule is None or plan.schedule is None:
        return plan
    old, new = before.schedule.looks, plan.schedule.looks
    same = before.trials.keys() == plan.trials.keys() and (old[0], old[-1]) == (new[0], new[-1])
    return plan.model_copy(update={"schedule": before.schedule}) if same else plan


def looks_before(before: Plan | None, plan: Plan, ended: Ended) -> tuple[int, ...]:
    """The numbers of replicates at which this study's results were seen by another plan, in order.

    A study that grows, or shrinks, after its results could be seen may have been changed because of
    them: its intervals must hold whenever one looks. One that was interrupted was not seen whole,
    and one of a single pair says nothing that could be acted on; one that goes on until its
    verdicts are settled is seen at each look.
    """
    if before is None:
        return ()
    asked, trials = before.trials.keys(), plan.trials.keys()
    if not (asked <= trials or trials <= asked):
        return ()
    same = (before.replicates, _rule(before)) == (plan.replicates, _rule(plan))
    seen = 0 if same else _seen(before, ended)
    return (*before.looks, seen) if seen else before.looks


def _rule(plan: Plan) -> tuple[int, ...]:
    return plan.schedule.looks if plan.schedule else ()


def _seen(plan: Plan, ended: Ended) -> int:
    """The replicates of its last look, 0 before the first; the baseline is in every look."""
    if plan.schedule is None:
        single = plan.replicates * max(plan.folds, 1) == 1
        return 0 if single or ended(plan.trials) != plan.trials.keys() else plan.replicates
    own = {id_: r for id_, (variant, r, _) in plan.trials.items() if variant == plan.baseline}
    left = min((own[id_] for id_ in own.keys() - ended(own)), default=plan.replicates)
    return max((look for look in plan.schedule.looks if look <= left), default=0)
