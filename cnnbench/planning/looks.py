"""Whether a study was seen before it was asked for in its present size."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cnnbench.errors import ResultsError
from cnnbench.results.record import Plan
from cnnbench.results.store import Store


def looks_before(store: Store, trials: Iterable[str], replicates: int) -> tuple[int, ...]:
    """The numbers of replicates for which this study's results were whole before, in order.

    A study that grows, or shrinks, after its results could be seen may have been changed because of
    them: its intervals must hold whenever one looks. One that was interrupted was not seen whole,
    and one of a single pair says nothing that could be acted on. A damaged plan tells nothing.
    """
    try:
        before = store.read_plan()
    except ResultsError:
        return ()
    return _looks(before, frozenset(trials), replicates, store.ended) if before else ()


def _looks(
    before: Plan,
    trials: frozenset[str],
    replicates: int,
    ended: Callable[[Iterable[str]], frozenset[str]],
) -> tuple[int, ...]:
    asked = frozenset(before.trials)
    if not (asked <= trials or trials <= asked):
        return ()
    single = before.replicates * max(before.folds, 1) == 1
    if before.replicates == replicates or single or ended(asked) != asked:
        return before.looks
    return (*before.looks, before.replicates)
