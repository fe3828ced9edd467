"""A comparison as one flat row a variant, raw numbers under column names that carry the unit."""

from __future__ import annotations

from collections.abc import Iterator

from cnnbench.comparison.inference.judge import Judgement
from cnnbench.comparison.intervals import Estimate
from cnnbench.comparison.metrics import Metric, Unit
from cnnbench.comparison.values import Comparison, Table, name_of

Cell = str | int | float | bool | None

_SUFFIX = {Unit.SECONDS: "_seconds", Unit.BYTES: "_bytes", Unit.JOULES: "_joules"}
"""For units that a metric's own name does not tell; fractions and counts are plain numbers."""


def flat_rows(comparison: Comparison) -> Iterator[dict[str, Cell]]:
    """Every row of every table, with equal columns.

    The compared value stands in test_accuracy_mean, _low, _high, and so on for other metrics;
    fractions are fractions, not per cent. Those of further metrics stand behind. None: no such
    value.
    """
    for i, table in enumerate(comparison.tables):
        for j in range(len(table.rows)):
            flat = _flat(comparison, table, j)
            for other in comparison.also:
                flat |= _columns(value_column(other), other.tables[i].rows[j].value)
            yield flat


def flat_notes(comparison: Comparison) -> Iterator[str]:
    """Every caveat: first those of all tables, then each table's after the table's name."""
    yield from comparison.notes
    for table in comparison.tables:
        yield from (f"{name_of(comparison, table)}: {note}" for note in table.notes)


def value_column(comparison: Comparison) -> str:
    """What the columns of the compared value begin with: test_accuracy, training_seconds."""
    metric = comparison.metric
    prefix = "" if metric.cost else f"{comparison.split}_"
    return f"{prefix}{metric.name}{unit_suffix(metric)}"


def _flat(comparison: Comparison, table: Table, number: int) -> dict[str, Cell]:
    row = table.rows[number]
    has_others = any(x.against for each in comparison.tables for x in each.rows)
    difference = f"difference{unit_suffix(comparison.metric)}"
    return {
        "recipe": table.recipe,
        "backend": row.backend,
        "variant": row.variant,
        **_place_on_curve(table, number),
        **({"against": row.against} if has_others else {}),
        "folder": row.folder,
        "is_baseline": row.is_baseline,
        "n": row.n,
        **_columns(value_column(comparison), row.value),
        "interval_over": str(row.reach) if row.value and row.value.interval else None,
        **_columns(difference, row.difference),
        "pairs": row.difference.n if row.difference else None,
        **_judgement(comparison, row.judgement),
        "training_seconds_median": row.training_seconds,
        "energy_joules_median": row.joules,
        "parameters": row.parameters,
        "train": row.images.train,
        "validation": row.images.validation,
        "test": row.images.test,
        "planned": row.planned,
        "missing": row.missing,
        "failed": row.failed,
        "diverged": row.diverged,
        "timeout": row.timeout,
        "unsupported": row.unsupported,
    }


def _place_on_curve(table: Table, number: int) -> dict[str, Cell]:
    if table.curve is None:
        return {}
    technique, place = next(
        (technique.name, technique.rows.index(number))
        for technique in table.curve.techniques
        if number in technique.rows
    )
    amount = table.curve.amounts[place]
    return {
        "technique": technique,
        table.curve.key: int(amount) if amount.is_integer() else amount,
    }


def _columns(name: str, estimate: Estimate | None) -> dict[str, Cell]:
    interval = estimate.interval if estimate else None
    return {
        f"{name}_mean": estimate.mean if estimate else None,
        f"{name}_low": interval.low if interval else None,
        f"{name}_high": interval.high if interval else None,
    }


def _judgement(comparison: Comparison, judgement: Judgement | None) -> dict[str, Cell]:
    """The verdict, and what it goes by; better and worse in the metric's own direction."""
    plain = judgement.plain if judgement else None
    three = judgement.probabilities if judgement else None
    name = f"difference_alone{unit_suffix(comparison.metric)}"
    better, worse = (three.above, three.below) if three else (None, None)
    if not comparison.metric.higher_is_better:
        better, worse = worse, better
    return {
        "verdict": judgement.verdict.words if judgement else None,
        f"{name}_low": plain.low if plain else None,
        f"{name}_high": plain.high if plain else None,
        "p": judgement.p if judgement else None,
        "p_holm": judgement.p_holm if judgement else None,
        "pairs_won": judgement.won if judgement else None,
        "pairs_tied": judgement.tied if judgement else None,
        "probability_worse": worse,
        "probability_same": three.within if three else None,
        "probability_better": better,
    }


def unit_suffix(metric: Metric) -> str:
    """What a column's name has behind the metric's: "_seconds", "" where that tells the unit."""
    return _SUFFIX.get(metric.unit, "")
