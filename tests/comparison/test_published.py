"""Figures of others are told as such, and touch no result."""

import dataclasses
import json

import pytest

import cnnbench.plot
from cnnbench.comparison.compare import compare_records
from cnnbench.data.sources.builtin import BUILTIN_SOURCES
from cnnbench.errors import RecipeError
from cnnbench.recipe.load import load_recipe

SOURCES = {source.name: source for source in BUILTIN_SOURCES}
FIGURES = {
    "plain": {"accuracy": 0.71, "source": "Somebody 2017"},
    "better": {"accuracy": 0.9, "source": "Somebody 2017"},
    "other": {"accuracy": 0.8, "source": "Others 2020"},
}


@pytest.fixture
def told(study):
    """A comparison of a study with and without figures."""
    study = study()
    study.add("plain", [0.6, 0.7, 0.65]).add("better", [0.8, 0.85, 0.9])
    folder = study.write()
    plan = folder / "plan.json"

    def compare(figures, **options):
        content = json.loads(plan.read_text()) | {"published": figures}
        plan.write_text(json.dumps(content))
        return folder, compare_records([folder], **options)

    return compare


def test_they_change_no_number(told):
    _, without = told({})
    _, with_them = told(FIGURES)
    assert with_them.tables[0].rows == without.tables[0].rows
    bare = dataclasses.replace(with_them.tables[0], published={}, notes=())
    assert bare == dataclasses.replace(without.tables[0], notes=())


def test_a_note_names_each_source_and_that_the_figures_are_others(told):
    _, comparison = told(FIGURES)
    notes = [note for note in comparison.tables[0].notes if note.startswith("published")]
    assert notes == [
        "published accuracy, not of these trials: plain 71 %, better 90 % (Somebody 2017)",
        "published accuracy, not of these trials: other 80 % (Others 2020)",
    ]


def test_they_are_of_no_other_metric(told):
    _, comparison = told(FIGURES, metric="training")
    assert comparison.tables[0].published == {}


def test_the_forest_has_a_hollow_mark_where_the_difference_was_published(told):
    folder, _ = told(FIGURES)
    axes = cnnbench.plot.forest(folder).figure("double").axes[0]
    marks = [line for line in axes.get_lines() if line.get_marker() == "D"]
    assert [mark.get_xdata()[0] for mark in marks] == [pytest.approx(19)]
    assert marks[0].get_markerfacecolor() == "none"


def test_without_a_figure_of_the_baseline_there_is_no_mark(told):
    folder, _ = told({"better": FIGURES["better"]})
    axes = cnnbench.plot.forest(folder).figure("double").axes[0]
    assert not [line for line in axes.get_lines() if line.get_marker() == "D"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0.9", "5: variant.published: got 0.9 (a decimal number), expected a table of accuracy"),
        ("{ accuracy = 90, source = 'x' }", "5: variant.published.accuracy: got 90"),
        ("{ accuracy = 0.9 }", "3: variant.published.source: is required"),
        ("{ accuracy = 0.9, source = '' }", "5: variant.published.source: got"),
    ],
)
def test_a_figure_needs_a_fraction_and_a_source(tmp_path, written, said):
    path = tmp_path / "study.toml"
    path.write_text(
        f'[data]\nsource = "digits"\n[[variant]]\nname = "plain"\npublished = {written}\n'
    )
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, find_source=SOURCES.__getitem__)
    assert f"{path}:{said}" in str(caught.value)
