"""What a curve says: who leads at which amount, and what a technique is worth in images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

from cnnbench.comparison.curves import IMAGES
from cnnbench.comparison.values import Comparison, Curve, Row, Table, Technique
from cnnbench.report.cells import scale_for
from cnnbench.report.columns import amount_text
from cnnbench.report.quantities import Scale


def curve_answer(comparison: Comparison, table: Table, curve: Curve) -> str:
    """A sentence for each amount.

    With 50 images augmentation leads (84.1 %): better than plain, +6.2 points [+2.1, +9.9], as
    plain is with about 90.
    """
    return " ".join(_sentences(comparison, table, curve))


def leader_of(comparison: Comparison, table: Table, curve: Curve, place: int) -> Technique | None:
    """The technique of the best mean at an amount, None where there is none."""
    sign = 1 if comparison.metric.higher_is_better else -1
    means = {
        technique: sign * row.value.mean
        for technique in curve.techniques
        if (row := row_at(table, technique, place)) and row.value
    }
    return max(means, key=means.__getitem__) if means else None


def row_at(table: Table, technique: Technique, place: int) -> Row | None:
    """The table's row of a technique at an amount."""
    number = technique.rows[place]
    return None if number is None else table.rows[number]


def images_worth(table: Table, curve: Curve, mean: float) -> float | None:
    """With how many images the baseline comes to a mean, between the amounts it has.

    Interpolated linearly over the logarithm of the amount; None beyond the amounts, and of a
    baseline that does not rise.
    """
    (baseline,) = (technique for technique in curve.techniques if technique.is_baseline)
    points = [
        (math.log(amount), row.value.mean)
        for place, amount in enumerate(curve.amounts)
        if amount > 0 and (row := row_at(table, baseline, place)) and row.value
    ]
    for (left, low), (right, high) in pairwise(points):
        if low <= mean <= high and low < high:
            return math.exp(left + (right - left) * (mean - low) / (high - low))
    return None


def _sentences(comparison: Comparison, table: Table, curve: Curve) -> Iterator[str]:
    scale = scale_for(comparison, table)
    for place, amount in enumerate(curve.amounts):
        leader = leader_of(comparison, table, curve, place)
        row = row_at(table, leader, place) if leader else None
        if leader is None or row is None:
            continue
        said = f"{_at(table, curve, amount)} {leader.name} leads ({_mean(row, scale)})"
        if not leader.is_baseline and row.judgement and row.difference:
            said += f": {row.judgement.verdict.words} against {table.baseline}, "
            said += scale.difference(row.difference).replace(" ", f" {scale.points} ", 1).strip()
            said += _worth(comparison, table, curve, row)
        yield f"{said}."


def _at(table: Table, curve: Curve, amount: float) -> str:
    if curve.key == IMAGES:
        return f"With {amount_text(amount)} {table.things}"
    return f"With {curve.key} = {amount_text(amount)}"


def _mean(row: Row, scale: Scale) -> str:
    assert row.value is not None
    return f"{scale.factor * row.value.mean:,.{scale.decimals}f} {scale.unit}".rstrip()


def _worth(comparison: Comparison, table: Table, curve: Curve, row: Row) -> str:
    """Said only of what is surely better, and where images bring the baseline as far."""
    helps = row.judgement is not None and row.judgement.verdict.outcome.helps
    if curve.key != IMAGES or not helps or not comparison.metric.higher_is_better:
        return ""
    assert row.value is not None
    images = images_worth(table, curve, row.value.mean)
    if images is None:
        return ""
    return f"; {table.baseline} takes about {_rounded(images)} {table.things} for as much"


def _rounded(images: float) -> str:
    """Two digits: the interpolation says no more."""
    digits = max(0, math.floor(math.log10(images)) - 1)
    return amount_text(float(round(images / 10**digits) * 10**digits))
