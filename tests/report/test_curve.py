"""What is said of techniques against amounts."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from cnnbench.comparison.values import Curve, Technique
from cnnbench.report.columns import columns_of
from cnnbench.report.console import comparison_text
from cnnbench.report.curve import images_worth
from cnnbench.report.formats import FORMATS
from cnnbench.report.pictures.amounts import amounts
from cnnbench.report.sentences import answer_of, explanation_of


@pytest.fixture
def curve(comparisons):
    """Plain rises from 80 to 90 %; augmentation is as good with 50 images as plain with 100."""
    x = comparisons
    made = Curve(
        "data.train",
        (50.0, 200.0),
        (Technique("plain", (0, 1), is_baseline=True), Technique("augmentation", (2, 3), False)),
    )
    better = x.judged("augmentation-train=50", "better", 0.05, 0.02, 10, against="plain-train=50")
    worse = x.judged("augmentation-train=200", "open", -0.01, 0.02, 4, against="plain-train=200")
    table = x.table(
        x.row("plain-train=50", x.estimate(0.8, 0.01, n=10), is_baseline=True),
        x.row("plain-train=200", x.estimate(0.9, 0.01, n=10), is_baseline=True),
        replace(better, value=x.estimate(0.85, 0.01, n=10)),
        replace(worse, value=x.estimate(0.89, 0.01, n=10)),
        curve=made,
        family=2,
    )
    return x.comparison(table)


def test_each_amount_has_a_sentence_with_leader_and_verdict(curve):
    assert answer_of(curve, curve.tables[0]) == (
        "With 50 images augmentation leads (85.0 %): better against plain, "
        "+5.0 points [+3.0, +7.0]; plain takes about 100 images for as much. "
        "With 200 images plain leads (90.0 %)."
    )


def test_images_are_interpolated_over_their_logarithm(curve):
    (table,) = curve.tables
    assert images_worth(table, table.curve, 0.85) == pytest.approx(100)
    assert images_worth(table, table.curve, 0.825) == pytest.approx(50 * 2**0.5)
    assert images_worth(table, table.curve, 0.91) is None
    assert images_worth(table, table.curve, 0.79) is None


def test_a_table_has_techniques_by_amounts_with_the_verdict_below(curve):
    columns = columns_of(curve, curve.tables[0])
    assert [column.head for column in columns] == ["technique", "50", "200"]
    assert [column.cells for column in columns] == [
        ("plain (baseline)", "augmentation", "against plain"),
        ("80.0 ± 1.0 %", "85.0 ± 1.0 %", "+5.0 better"),
        ("90.0 ± 1.0 %", "89.0 ± 1.0 %", "-1.0 open"),
    ]


def test_an_amount_that_a_technique_lacks_is_a_dash(curve):
    (table,) = curve.tables
    plain, other = table.curve.techniques
    lacking = replace(table.curve, techniques=(plain, replace(other, rows=(2, None))))
    (*_, last) = columns_of(curve, replace(table, curve=lacking))
    assert last.cells == ("90.0 ± 1.0 %", "-", "-")


def test_the_explanation_names_the_baseline_at_the_same_number(curve):
    text = explanation_of(curve, curve.tables[0])
    assert "Differences are to plain at the same number of images" in text


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_shows_a_curve(curve, name):
    text = FORMATS[name](curve)
    assert "augmentation" in text
    assert "50" in text


def test_csv_has_one_row_a_technique_and_amount(curve):
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](curve))))
    assert [(row["technique"], row["data.train"]) for row in rows] == [
        ("plain", "50"),
        ("plain", "200"),
        ("augmentation", "50"),
        ("augmentation", "200"),
    ]


def test_a_narrow_terminal_keeps_every_amount(curve):
    lines = comparison_text(curve, width=50).splitlines()
    assert any(line.split() == ["technique", "50", "200"] for line in lines)


def test_a_picture_has_the_amounts_on_a_logarithmic_axis(curve):
    (table,) = curve.tables
    picture = amounts(curve, table, table.curve)
    (axes,) = picture.figure("single").axes
    assert axes.get_xscale() == "log"
    assert axes.get_xticks().tolist() == [50, 200]
    assert [line.get_ydata().tolist() for line in axes.lines] == [[80, 90], [85, 89]]
    assert "plain: 50 80.0 ± 1.0 %, 200 90.0 ± 1.0 %" in picture.alt
