"""Pictures: drawn from the numbers, the same each time, without a window."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cnnbench.plot
from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.intervals import Estimate, student_interval
from cnnbench.errors import ComparisonError
from cnnbench.report.chapters import read_book
from cnnbench.report.console import comparison_text
from cnnbench.report.page.document import report_html
from cnnbench.report.page.write import write_pictures
from cnnbench.report.pictures.confusions import confusions_of
from cnnbench.report.pictures.cost import Point, cost_panels, pareto, spread
from cnnbench.report.pictures.courses import course_of
from cnnbench.report.pictures.mistakes import mistakes_of
from cnnbench.report.pictures.predicted import Both
from cnnbench.report.pictures.reliability import bins_of
from cnnbench.results.told import Told

STUDY = Path(__file__).parents[3] / "results" / "reference" / "small_data" / "torch"
CURVE = Path(__file__).parents[3] / "results" / "reference" / "learning_curve" / "torch"
MAKERS = [cnnbench.plot.forest, cnnbench.plot.curves, cnnbench.plot.confusion, cnnbench.plot.cost]


@pytest.fixture(scope="module")
def chapter():
    return read_book([STUDY]).chapters[0]


@pytest.mark.slow
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_a_picture_is_written_with_the_same_bytes_each_time(make, kind, tmp_path):
    for name in ("one", "two"):
        make(STUDY).save(tmp_path / f"{name}.{kind}", width="single")
    first, second = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("one", "two"))
    assert first == second
    assert first.startswith({"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG"}[kind])


@pytest.mark.slow
def test_a_pdf_holds_its_fonts_as_truetype(tmp_path):
    cnnbench.plot.forest(STUDY).save(tmp_path / "forest.pdf")
    content = (tmp_path / "forest.pdf").read_bytes()
    assert b"/FontFile2" in content
    assert b"/Type3" not in content


@pytest.mark.parametrize(("width", "inches"), [("single", 3.5), ("double", 7.0)])
@pytest.mark.parametrize("make", MAKERS[:3], ids=lambda make: make.__name__)
def test_widths_are_those_of_a_papers_columns(make, width, inches):
    assert make(STUDY).figure(width).get_figwidth() == inches


def test_the_settings_of_matplotlib_are_left_as_they_were():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    cnnbench.plot.forest(STUDY).svg()
    assert dict(mpl.rcParams) == before


@pytest.mark.slow
def test_drawing_needs_no_pyplot():
    code = (
        "import sys, cnnbench.plot\n"
        f"cnnbench.plot.forest({str(STUDY)!r}).svg()\n"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_of_no_format_is_refused(tmp_path):
    with pytest.raises(ComparisonError, match=r"names no format of pictures; use svg, pdf, png"):
        cnnbench.plot.forest(STUDY).save(tmp_path / "forest.docx")


def test_a_picture_of_several_comparisons_names_them():
    with pytest.raises(ComparisonError, match="a picture is of one comparison, and here are 4"):
        cnnbench.plot.forest(STUDY.parent)


def test_a_forest_draws_every_pair_at_its_place(chapter):
    from cnnbench.report.pictures.forest import forest

    axes = forest(chapter).figure().axes[0]
    ticks = [line.get_xdata() for line in axes.lines if line.get_marker() == "|"]
    by_hand = [[100 * x for x in line.differences.values()] for line in chapter.others]
    for drawn, pairs in zip(ticks, by_hand, strict=True):
        np.testing.assert_allclose(drawn, pairs)


def test_a_forest_says_its_numbers_in_words(chapter):
    from cnnbench.report.pictures.forest import forest

    alt = forest(chapter).alt
    assert "dropout +2.1 [+0.7, +3.5] over 18 pairs, better" in alt
    assert "in accuracy to over-fit in points" in alt


def test_in_a_notebook_a_picture_is_svg_and_a_table_html():
    assert "<svg" in cnnbench.plot.forest(STUDY)._repr_svg_()
    shown = cnnbench.plot.table(STUDY)
    assert shown._repr_html_().count("<tr>") == 8
    assert "early_stopping" in repr(shown)


def test_differences_by_class_are_those_of_the_recorded_matrices(chapter):
    found = confusions_of(chapter, "dropout")
    line = next(x for x in chapter.lines if x.row.variant == "dropout")
    by_hand = []
    for after, before in line.pairs.values():
        ours, theirs = after.metrics["test"]["confusion"], before.metrics["test"]["confusion"]
        by_hand.append(ours[3][3] / sum(ours[3]) - theirs[3][3] / sum(theirs[3]))
    assert found.differences[3].mean == pytest.approx(np.mean(by_hand))
    assert found.differences[3].interval == student_interval(by_hand)
    assert found.after.sum() == len(by_hand) * 1000


def test_the_mean_of_curves_ends_where_the_first_trial_stopped(chapter):
    line = next(x for x in chapter.lines if x.row.variant == "early_stopping")
    epochs = [record.epochs for record in line.records]
    course = course_of(line)
    assert (course.shared, course.longest) == (min(epochs), max(epochs))
    assert min(epochs) < max(epochs)


def point(cost, value, name="x"):
    return Point(name, cost, Estimate(value, 1))


def test_a_variant_is_best_if_every_cheaper_one_is_worse():
    points = [point(3, 0.9, "c"), point(1, 0.5, "a"), point(2, 0.4, "b"), point(3, 0.95, "d")]
    assert [x.name for x in pareto(points, higher_is_better=True) if x.best] == ["a", "d"]
    assert [x.name for x in pareto(points, higher_is_better=False) if x.best] == ["a", "b"]


def test_a_cost_is_not_said_to_be_the_same_where_it_is_the_metric(chapter):
    training = read_book([STUDY], metric="training").chapters[0]
    with pytest.raises(ComparisonError, match="training time is a cost itself"):
        cost_panels(training)
    assert cost_panels(chapter)


def test_names_beside_an_axis_keep_their_order_and_distance():
    places = spread([0.1, 0.11, 0.12, 0.9], 0.1)
    assert places == pytest.approx([0.01, 0.11, 0.21, 0.9])


def told(rows, labels, said, sure=0.9):
    rows, labels, said = np.array(rows), np.array(labels), np.array(said)
    return Told(rows, labels, said, np.full(len(rows), sure), np.where(said == labels, sure, 0.1))


def test_images_are_rescued_and_broken_pair_by_pair():
    after = told([7, 8, 9], [0, 1, 1], [0, 0, 0])
    before = told([7, 8, 9], [0, 1, 1], [1, 1, 0])
    found = mistakes_of(Both("v", "b", ((after, before),), 0, ("a", "b"), "", ""), 8)
    assert [x.row for x in found.rescued] == [7]
    assert found.rescued[0].said == 1  # what the baseline said, which was wrong
    assert [x.row for x in found.broken] == [8]
    assert [x.row for x in found.worst] == [8, 9]
    assert (found.rescued_each, found.broken_each, found.tested_each) == (1, 1, 3)


def test_reliability_is_the_share_that_was_right_of_those_equally_sure():
    bins = bins_of([told([1, 2, 3, 4], [0, 0, 0, 0], [0, 0, 0, 1], sure=0.75)])
    assert bins.right[7] == 0.75
    assert bins.gap == pytest.approx(0.0)
    assert bins.share[7] == 1.0


def test_the_reference_curve_is_the_one_that_the_documentation_shows():
    page = Path(__file__).parents[3] / "docs" / "results.md"
    comparison = compare_records([CURVE], curve="data.train")
    lines = comparison_text(comparison).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("technique"))
    assert "\n".join(lines[first : first + 6]) in page.read_text()


def test_there_is_no_picture_of_a_curve_that_is_none():
    with pytest.raises(ComparisonError, match="there is no curve"):
        cnnbench.plot.curve(STUDY)


@pytest.mark.slow
def test_a_report_draws_the_curve_where_the_numbers_of_images_differ(tmp_path):
    page = report_html([CURVE])
    assert "Accuracy against number of images" in page
    assert cnnbench.plot.curve(CURVE).alt in page
    section = page.partition("Accuracy against number of images</h2>")[2]
    assert section.strip().startswith("<div>\n")  # not beside its text, where it would be tiny
    written, _ = write_pictures([CURVE], tmp_path)
    assert {path.name for path in written} >= {"amounts-single.svg", "amounts-double.svg"}
    assert read_book([STUDY]).chapters[0].amounts is None


def test_numbers_on_a_logarithmic_axis_are_plain():
    study = STUDY.parents[1] / "tuned_small_data" / "torch-native"
    figure = cnnbench.plot.cost(study).figure("double")
    figure.canvas.draw()
    axes = next(axes for axes in figure.axes if axes.get_xscale() == "log")
    labels = [label.get_text() for label in axes.get_xticklabels(which="both")]
    assert {"10", "100"} <= set(labels)
    assert not [label for label in labels if "$" in label]
