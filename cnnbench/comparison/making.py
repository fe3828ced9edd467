"""From series to whole tables: rows, judged together, with the notes that limit them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnnbench.comparison.classes import class_notes, things_of
from cnnbench.comparison.conditions import condition_notes, images_of
from cnnbench.comparison.inference.schedule import shared
from cnnbench.comparison.judging import finds, judged, margin_for
from cnnbench.comparison.levels import chance_level, majority_level
from cnnbench.comparison.metrics import Measure, find_measure
from cnnbench.comparison.notes import grouped, row_notes
from cnnbench.comparison.pairs import Pairs
from cnnbench.comparison.select import Selection
from cnnbench.comparison.series import Series
from cnnbench.comparison.tables import TableEntry, make_row
from cnnbench.comparison.tuning import budget_notes, tried
from cnnbench.comparison.values import Table

REPORTED = find_measure("accuracy", "test")
"""What published figures are of."""


def make_entry(
    series: Series,
    reference: Series | None,
    label: str,
    make_pairs: Callable[[Series, Series], Pairs],
    place: str = "",
) -> TableEntry:
    """A row to be; the reference itself has no pairs."""
    pairs = None
    if reference is not None and series is not reference:
        pairs = make_pairs(series, reference)
    return TableEntry(label, series, reference, pairs, place)


def make_table(
    selections: Sequence[Selection],
    baseline: str,
    entries: Sequence[TableEntry],
    notes: Sequence[str],
    *,
    measure: Measure,
    place: str,
) -> Table:
    """A row for each entry, all judged as one family. selections: where the entries come from."""
    records = [x for entry in entries for x in entry.series.ok.values()]
    margin = margin_for(measure, selections[0].margin)
    made = [make_row(entry, measure, selections[0].spread) for entry in entries]
    schedule = shared(x.schedule for x in selections)
    rows = judged(entries, made, measure, margin, schedule)
    environments: Mapping[str, Mapping[str, Any]] = {
        key: value for x in selections for key, value in x.environments.items()
    }
    untested = tuple(class_notes(records, measure))
    return Table(
        recipe=selections[0].recipe,
        title=next((x.title for x in selections if x.title), ""),
        backends=tuple(dict.fromkeys(x.backend for x in selections)),
        folders=tuple(x.folder for x in selections),
        place=place,
        baseline=baseline,
        images=images_of(records),
        things=things_of(records),
        chance=chance_level(records, measure),
        majority=majority_level(records, measure),
        folds=len({record.fold for record in records} - {None}),
        rows=rows,
        notes=(
            *notes,
            *row_notes(entries, rows, measure),
            *grouped((entry.label, text) for entry in entries for text in tried(entry)),
            *budget_notes(entries),
            *untested,
            *condition_notes(entries, environments, measure.split if untested else ""),
        ),
        margin=margin,
        family=sum(row.judgement is not None and row.judgement.p is not None for row in rows),
        finds=() if schedule.anytime or schedule.looks else finds(rows),
        looks=schedule.looks,
        anytime=schedule.anytime,
        published=selections[0].published if measure == REPORTED else {},
    )
