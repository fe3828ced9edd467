"""What stands in which column: a row a variant, or techniques against amounts."""

from __future__ import annotations

from cnnbench.comparison.curves import IMAGES
from cnnbench.comparison.inference.verdicts import Conclusion
from cnnbench.comparison.values import Comparison, Curve, Row, Table
from cnnbench.report.cells import Column, difference_cell, scale_for, variant_columns
from cnnbench.report.quantities import Scale


def columns_of(comparison: Comparison, table: Table) -> tuple[Column, ...]:
    """The columns of a table from left to right; those that may be left out stand last."""
    if table.curve:
        return curve_columns(comparison, table, table.curve)
    return variant_columns(comparison, table)


def curve_columns(comparison: Comparison, table: Table, curve: Curve) -> tuple[Column, ...]:
    """A line for each technique, and below it how it stands against the baseline, by amount."""
    scale = scale_for(comparison, table)
    names = []
    for technique in curve.techniques:
        names += [f"{technique.name} (baseline)" if technique.is_baseline else technique.name]
        names += [] if technique.is_baseline else [f"against {table.baseline}"]
    columns = [Column("technique", tuple(names), numeric=False)]
    for number, amount in enumerate(curve.amounts):
        cells: list[str] = []
        outcomes: list[Conclusion | None] = []
        for technique in curve.techniques:
            place = technique.rows[number]
            row = None if place is None else table.rows[place]
            cells.append(scale.value(row.value) if row and row.value else "-")
            outcomes.append(None)
            if not technique.is_baseline:
                cells.append(_standing(row, scale) if row else "-")
                outcomes.append(row.judgement.verdict.outcome if row and row.judgement else None)
        columns.append(Column(amount_text(amount), tuple(cells), outcomes=tuple(outcomes)))
    return tuple(columns)


def amount_text(amount: float) -> str:
    """1,000 or 0.25."""
    return f"{amount:,.0f}" if amount.is_integer() else f"{amount:.6g}"


def _standing(row: Row, scale: Scale) -> str:
    """+5.3 better."""
    if not row.judgement or not row.difference:
        return difference_cell(row, scale)
    return f"{scale.difference(row.difference).partition(' ')[0]} {row.judgement.verdict.words}"


def reference_of(comparison: Comparison, table: Table) -> str:
    """What the differences are to, in words."""
    if table.curve:
        return f"{table.baseline} at the same {amount_name(table, table.curve)}"
    if any(row.against for row in table.rows):
        return "the variant named behind against"
    return f"the same variant on {table.baseline}" if comparison.by == "backend" else ""


def amount_name(table: Table, curve: Curve) -> str:
    """What the amounts of a curve are."""
    return f"number of {table.things}" if curve.key == IMAGES else curve.key
