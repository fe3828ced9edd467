"""Backends compared with each other, variant by variant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from cnnbench.comparison.making import make_entry, make_table
from cnnbench.comparison.metrics import Measure
from cnnbench.comparison.pairs import pair_backends
from cnnbench.comparison.select import Selection
from cnnbench.comparison.values import Table


def backend_tables(
    selections: Sequence[Selection], wanted: str | None, measure: Measure
) -> tuple[Table, ...]:
    """A table for each recipe. wanted: the baseline backend, by default the first found."""
    recipes: dict[str, list[Selection]] = {}
    for selection in selections:
        recipes.setdefault(selection.recipe, []).append(selection)
    return tuple(_backend_table(group, wanted, measure) for group in recipes.values())


def _backend_table(selections: Sequence[Selection], wanted: str | None, measure: Measure) -> Table:
    """Rows by variant, below each its backends, the baseline first."""
    told = _told_apart(selections)
    notes = [f"{x.name}: {note}" for x in told for note in x.notes_for(measure, None)]
    first = next((i for i, x in enumerate(told) if x.backend == wanted), 0)
    baseline = told[first]
    if wanted is not None and baseline.backend != wanted:
        notes.append(f"no records on {wanted}; the others are compared with {baseline.name}")
    if len(told) == 1:
        notes.append(f"recorded on {baseline.name} only, so there is nothing to compare it with")
    ordered = [baseline, *told[:first], *told[first + 1 :]]
    entries = []
    for variant in dict.fromkeys(series.variant for x in ordered for series in x.series):
        reference = next((x for x in baseline.series if x.variant == variant), None)
        entries += [
            make_entry(series, reference, f"{variant} on {x.name}", pair_backends, x.place)
            for x in ordered
            for series in x.series
            if series.variant == variant
        ]
    places = {x.place for x in selections}
    place = places.pop() if len(places) == 1 else ""
    return make_table(ordered, baseline.name, entries, notes, measure=measure, place=place)


def _told_apart(selections: Sequence[Selection]) -> list[Selection]:
    """The same backend in two folders is two backends; others need no place."""
    counts = Counter(selection.backend for selection in selections)
    return [
        replace(x, place=(x.place or x.folder) if counts[x.backend] > 1 else "") for x in selections
    ]
