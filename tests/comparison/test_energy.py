"""Energy among the costs: compared in joules, told where it was not measurable."""

from __future__ import annotations

import pytest

from cnnbench.comparison.compare import compare_records, with_metrics
from cnnbench.report.chapters import read_book
from cnnbench.report.console import comparison_text
from cnnbench.report.pictures.cost import cost, cost_panels
from cnnbench.results.read import read_results
from cnnbench.results.record import Costs


def costs(joules, training=10.0):
    return Costs(training=training, parameters=1000, energy=joules)


@pytest.fixture
def folder(study):
    """Dropout takes 20 J more on average."""
    writer = study()
    for replicate, more in enumerate((19.0, 20.0, 21.0, 18.0, 22.0)):
        joules = 100.0 + 2 * replicate
        writer.add_one("plain", replicate, value=0.90 + replicate / 100, costs=costs(joules))
        writer.add_one("dropout", replicate, value=0.91, costs=costs(joules + more, 11.0))
    return writer.write()


def test_energy_is_compared_in_pairs(folder):
    (table,) = compare_records([folder], metric="energy").tables
    plain, dropout = table.rows
    assert plain.value.mean == pytest.approx(104)
    assert dropout.difference.mean == pytest.approx(20)
    assert dropout.judgement.verdict.outcome == "worse", "less is better"


def test_tables_and_pictures_show_what_was_measured(folder):
    text = comparison_text(with_metrics(read_results([folder]), ["accuracy"]))
    assert "energy" in text
    assert "104 J" in text
    assert "124 J" in text
    (chapter,) = read_book([folder]).chapters
    panels = cost_panels(chapter)
    assert [panel.name for panel in panels] == ["cost-time", "cost-energy"]
    assert "104 J" in panels[1].alt
    cost(chapter).figure("double")


def test_three_costs_fit_the_width_of_a_page(study):
    writer = study()
    for replicate in range(3):
        writer.add_one("plain", replicate, value=0.9, costs=costs(100.0))
        more = Costs(training=20.0, parameters=2000, energy=200.0)
        writer.add_one("dropout", replicate, value=0.91, costs=more)
    (chapter,) = read_book([writer.write()]).chapters
    assert len(cost_panels(chapter)) == 3
    figure = cost(chapter).figure("double")
    assert figure.get_figwidth() == 7.0
    assert len({round(axes.get_position().x0, 3) for axes in figure.axes}) == 2, "two columns"


def test_without_energy_there_is_no_column(study):
    writer = study().add("plain", [0.9, 0.91]).add("dropout", [0.9, 0.92])
    assert "energy" not in comparison_text(compare_records([writer.write()]))


def test_the_reason_is_told_where_it_could_not_be_measured(study):
    writer = study()
    why = {"energy": "no counter of a processor's energy (RAPL) in /sys/class/powercap"}
    for name in ("plain", "dropout"):
        for replicate in range(2):
            writer.add_one(name, replicate, value=0.9, unmeasured=why)
    (table,) = compare_records([writer.write()], metric="energy").tables
    assert (
        "plain, dropout: energy of 2 trials was not measurable: no counter of a processor's energy "
        "(RAPL) in /sys/class/powercap"
    ) in table.notes
    assert not any("finite" in note for note in table.notes)
