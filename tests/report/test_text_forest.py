"""Differences drawn with characters: where things stand on the axis."""

from dataclasses import replace

from cnnbench.comparison.intervals import Estimate, Interval
from cnnbench.report.cells import scale_for
from cnnbench.report.text_forest import CELLS, forest_column


def drawn(comparisons, *differences, **options):
    table = comparisons.SMALL_DATA.tables[0]
    rows = [
        replace(
            table.rows[1], difference=None if x is None else Estimate(x[1], 5, Interval(x[0], x[2]))
        )
        for x in differences
    ]
    table = replace(table, rows=tuple(rows))
    return forest_column(table, scale_for(comparisons.SMALL_DATA, table), **options)


def test_ends_mean_and_zero_stand_where_they_are(comparisons):
    column = drawn(comparisons, (-0.13, 0.0, 0.13), (0.05, 0.06, 0.07), None)
    whole, above, nothing = column.cells
    assert whole == "│" + "─" * 12 + "●" + "─" * 12 + "│"
    assert above.index("●") == round((0.06 + 0.13) / 0.26 * (CELLS - 1))
    assert above[13] == nothing[13] == "┊"
    assert nothing.strip() == "┊"
    assert column.head.split() == ["-13.0", "+13.0"]
    assert {len(x) for x in (*column.cells, column.head)} == {CELLS}


def test_an_interval_that_crosses_zero_shows_it_and_one_that_does_not_shows_none(comparisons):
    crossing, clear = drawn(comparisons, (-0.02, 0.06, 0.14), (0.01, 0.06, 0.1)).cells
    assert "┼" in crossing
    assert "┼" not in clear
    assert clear.index("┊") < clear.index("│")


def test_terminals_without_unicode_get_ascii(comparisons):
    column = drawn(comparisons, (-0.02, 0.06, 0.14), ascii_only=True)
    assert column.cells[0].isascii()


def test_nothing_to_draw(comparisons):
    assert drawn(comparisons, None, None) is None
    assert drawn(comparisons, (0.0, 0.0, 0.0)) is None
