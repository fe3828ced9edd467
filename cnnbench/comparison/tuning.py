"""What was tried of tuned variants, and whether all had the same budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cnnbench.comparison.classes import things_of
from cnnbench.comparison.settings import first_few
from cnnbench.comparison.tables import TableEntry
from cnnbench.results.record import Tried, Tuning


def tried(entry: TableEntry) -> Iterator[str]:
    """A sentence for a tuned row: by what its settings were chosen, and which they are."""
    found = [x.tuning for x in entry.series.ok.values() if x.tuning]
    if not found:
        return
    metrics = " and ".join(dict.fromkeys(x.metric.replace("_", " ") for x in found))
    chosen = Counter(_words(x.candidates[x.chosen]) for x in found)
    listed = [f"{x} {n} times" if n > 1 else x for x, n in chosen.most_common()]
    diverged = sum(each.value is None for x in found for each in x.candidates)
    lost = f", {diverged} of them diverged" if diverged else ""
    yield (
        f"tuned: the best of {_range(len(x.candidates) for x in found)} candidates in each "
        f"replicate{lost} by {metrics} on validation {things_of(entry.series.ok.values())}; "
        f"chosen: {first_few(listed)}"
    )


def budget_notes(entries: Sequence[TableEntry]) -> tuple[str, ...]:
    """Where rows had different budgets, so that a difference may be one of tuning."""
    budgets: dict[tuple[int, ...], list[str]] = {}
    for entry in entries:
        if ok := entry.series.ok.values():
            budgets.setdefault(tuple(sorted({_budget(x.tuning) for x in ok})), []).append(
                entry.series.variant
            )
    if len(budgets) < 2:  # noqa: PLR2004 - one budget is an equal budget
        return ()
    named = "; ".join(
        f"{' or '.join(map(str, counts))} for {first_few(list(dict.fromkeys(variants)))}"
        for counts, variants in budgets.items()
    )
    return (f"tuned with different budgets: candidates {named}; a difference may be one of tuning",)


def _budget(tuning: Tuning | None) -> int:
    return len(tuning.candidates) if tuning else 0


def _words(candidate: Tried) -> str:
    """In brackets, as there are several: (learning_rate 0.003, dropout 0.5)."""
    settings = [f"{key.rpartition('.')[2]} {x}" for key, x in candidate.settings.items()]
    return f"({', '.join(settings)})" if settings else "its own settings"


def _range(counts: Iterable[int]) -> str:
    return " to ".join(dict.fromkeys(map(str, (min(x := [*counts]), max(x)))))
