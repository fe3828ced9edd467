"""Techniques at several amounts: variants that differ in a number of the recipe, laid out by it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from typing import Any

from cnnbench.comparison.making import make_entry, make_table
from cnnbench.comparison.metrics import Measure
from cnnbench.comparison.pairs import pair
from cnnbench.comparison.select import Selection
from cnnbench.comparison.series import Series
from cnnbench.comparison.settings import complete, differing_keys, first_few
from cnnbench.comparison.values import Curve, Table, Technique
from cnnbench.errors import ComparisonError, did_you_mean, nearest

IMAGES = "data.train"
"""The key whose amounts are counted in the records: it may be a fraction, or not given at all."""
_ALONE = "default"
"""What a recipe's only technique is called, as the only variant of a recipe is."""
_FEWEST = 2
"""Amounts that make a curve."""


class NoCurveError(ComparisonError):
    """No study whose variants differ in the number."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """A variant and where it belongs."""

    series: Series
    technique: str
    amount: float


def curve_tables(
    selections: Sequence[Selection], key: str, wanted: str | None, measure: Measure
) -> tuple[tuple[Table, ...], tuple[str, ...]]:
    """A table for each selection that has several amounts, and a note for each that has not.

    Every technique is compared with the baseline technique at the same amount, all as one family.
    wanted: a technique, or any variant of it, as the baseline; by default that of the recipe's own.
    Raises ComparisonError where there is no such key or technique, and NoCurveError.
    """
    laid_out = [(selection, *_placed(selection, key)) for selection in selections]
    variants = {series.variant for selection in selections for series in selection.series}
    if wanted is not None and wanted not in variants:
        _check_technique(wanted, [x for _, placed, _ in laid_out for x in placed])
    tables, flat = [], []
    for selection, placed, notes in laid_out:
        if len({x.amount for x in placed}) < _FEWEST:
            flat.append(f"{selection.recipe} on {selection.name}")
            continue
        techniques = {x.technique: x.technique for x in placed}
        named = {x.series.variant: x.technique for x in placed} | techniques
        baseline = named.get(wanted or selection.baseline)
        if baseline is None:
            baseline = named.get(selection.baseline, next(iter(techniques)))
            if wanted is not None:
                notes.append(f"no {wanted} in this recipe; its own baseline is used instead")
        table = _table(selection, placed, baseline, measure, notes)
        tables.append(replace(table, curve=_curve(placed, key, baseline)))
    if not tables:
        raise NoCurveError(
            f"there is no curve, as no two variants of {first_few(flat)} differ in the number "
            f"{key}; a recipe varies it by [matrix] {key} = [...]"
        )
    left_out = f"left out, as no two variants differ in the number {key}: {first_few(flat)}"
    return tuple(tables), (left_out,) if flat else ()


def _check_technique(name: str, placed: Sequence[_Placed]) -> None:
    techniques = list(dict.fromkeys(x.technique for x in placed))
    if name not in techniques:
        hint = did_you_mean(name, techniques, "techniques")
        raise ComparisonError(f"there is no technique {name!r} here{hint}")


def _table(
    selection: Selection,
    placed: Sequence[_Placed],
    baseline: str,
    measure: Measure,
    notes: Sequence[str],
) -> Table:
    at = {(x.technique, x.amount): x.series for x in placed}
    entries = [
        make_entry(x.series, at.get((baseline, x.amount)), x.series.variant, pair) for x in placed
    ]
    table = make_table(
        [selection],
        baseline,
        entries,
        [*selection.notes_for(measure, None), *notes],
        measure=measure,
        place=selection.place,
    )
    rows = tuple(
        replace(row, against=entry.reference.variant) if entry.pairs and entry.reference else row
        for row, entry in zip(table.rows, entries, strict=True)
    )
    return replace(table, rows=rows)


def _curve(placed: Sequence[_Placed], key: str, baseline: str) -> Curve:
    """The variants are the rows of a table, in their order."""
    numbers = {(x.technique, x.amount): i for i, x in enumerate(placed)}
    amounts = tuple(sorted({x.amount for x in placed}))
    techniques = tuple(
        Technique(name, tuple(numbers.get((name, x)) for x in amounts), name == baseline)
        for name in dict.fromkeys(x.technique for x in placed)
    )
    return Curve(key, amounts, techniques)


def _placed(selection: Selection, key: str) -> tuple[list[_Placed], list[str]]:
    """The variants that have an amount, and a note for each that has none.

    Raises ComparisonError where there is no such key.
    """
    found: list[tuple[Series, object, float]] = []
    notes = []
    for series in selection.series:
        settings = _settings(series)
        if settings is None:
            notes.append(f"{series.variant}: no record yet that tells its {key}, left out")
            continue
        if key not in settings:
            meant = nearest(key, settings)
            hint = f"; did you mean {meant!r}?" if meant else ", as data.train is one"
            raise ComparisonError(f"there is no key {key!r} in recipes{hint}")
        amount = _amount(series, key, settings[key])
        if amount is None:
            told = "not given" if settings[key] is None else repr(settings[key])
            notes.append(f"{series.variant}: {key} is {told}, which is no number, left out")
        else:
            found.append((series, settings[key], amount))
    placed = list(_named(found, key))
    return placed, [*notes, *_other_settings(placed, key)]


def _settings(series: Series) -> dict[str, object] | None:
    record = next(iter(series.records.values()), None)
    return None if record is None else complete(record.settings)


def _amount(series: Series, key: str, value: object) -> float | None:
    if key == IMAGES:
        trained = {x.samples.train for x in series.ok.values() if x.samples}
        if len(trained) == 1:
            return float(trained.pop())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)


def _named(found: Sequence[tuple[Series, object, float]], key: str) -> Iterator[_Placed]:
    """Each with its technique: its name without the amount, or what equals in settings share."""
    alike: dict[str, list[str]] = {}
    for series, _, _ in found:
        alike.setdefault(_rest(series, key), []).append(series.variant)
    shared: dict[str, str] = {}
    for rest, variants in alike.items():
        name = _shared(variants)
        shared[rest] = variants[0] if name in shared.values() else name
    taken = set()
    for series, value, amount in found:
        technique = _without_amount(series.variant, key, value) or shared[_rest(series, key)]
        if (technique, amount) in taken:
            technique = series.variant
        taken.add((technique, amount))
        yield _Placed(series, technique, amount)


def _rest(series: Series, key: str) -> str:
    settings = _settings(series) or {}
    return json.dumps({x: y for x, y in settings.items() if x != key}, sort_keys=True)


def _without_amount(variant: str, key: str, value: object) -> str | None:
    """The plain of plain-train=50 or plain-50; None where the name does not tell the amount."""
    said = {f"{value}", f"{key.rpartition('.')[2]}={value}"}
    parts = variant.split("-")
    left = [part for part in parts if part not in said]
    return None if len(left) == len(parts) else "-".join(left) or _ALONE


def _shared(variants: Sequence[str]) -> str:
    if len(variants) == 1:
        return variants[0]
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*variants, strict=False))
    return "".join(letters[0] for letters in same).rstrip(" -_=.,") or variants[0]


def _other_settings(placed: Sequence[_Placed], key: str) -> Iterator[str]:
    """Where a technique's amounts differ in more than the amount."""
    techniques = {x.series.variant: x.technique for x in placed}
    for technique, group in groupby(sorted(placed, key=lambda x: x.technique), _technique):
        records = (next(iter(x.series.records.values())) for x in group)
        first, *others = (_of_techniques(record.settings, techniques) for record in records)
        keys = dict.fromkeys(k for other in others for k in differing_keys(first, other))
        if named := [k for k in keys if k != key]:
            yield f"{technique}: its amounts differ in {first_few(named)}, too"


def _of_techniques(settings: Mapping[str, Any], techniques: Mapping[str, str]) -> Mapping[str, Any]:
    """Settings whose ensemble names techniques in place of their variants, one for each amount."""
    ensemble = settings.get("ensemble")
    if not isinstance(ensemble, dict) or not ensemble.get("of"):
        return settings
    of = [techniques.get(name, name) for name in ensemble["of"]]
    return {**settings, "ensemble": {**ensemble, "of": of}}


def _technique(placed: _Placed) -> str:
    return placed.technique
