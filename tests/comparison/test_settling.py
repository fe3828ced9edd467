from __future__ import annotations

import pytest
from scipy import stats

from cnnbench.comparison.compare import compare_records
from cnnbench.comparison.gate import gate
from cnnbench.comparison.inference.schedule import alpha_spent, looks_to
from cnnbench.comparison.metrics import find_measure
from cnnbench.comparison.requirements import parse_requirement
from cnnbench.comparison.rulings import GateOutcome
from cnnbench.comparison.select import select
from cnnbench.report.sentences import explanation_of
from cnnbench.results.read import read_results, read_study
from cnnbench.results.record import PlannedLooks, Status

LOOKS = (5, 8, 12, 18, 30)
BASE = [0.90, 0.91, 0.89, 0.92, 0.90, 0.91, 0.90, 0.89, 0.92, 0.91, 0.90, 0.91]
CLEAR = [0.05, 0.052, 0.048, 0.051, 0.049, 0.05, 0.052, 0.048, 0.05, 0.05, 0.05, 0.05]
NOISE = [0.05, -0.04, 0.03, -0.02, 0.01, -0.05, 0.04, -0.01, 0.03, -0.02, 0.01, -0.03]
NOMINAL = (0.0075, 0.0067, 0.0091, 0.0138, 0.0255)
"""Two-sided p at the looks, as simulated with another program for a level of .045."""


@pytest.fixture
def compared(study):
    """A comparison of these differences to the baseline, planned with looks to 30."""

    def compare(differences, *, fields=None, base=BASE, baseline=None, metric="accuracy", **plan):
        written = study().add("plain", base)
        for variant, values in differences.items():
            for replicate, value in enumerate(values):
                given = (fields or {}).get((variant, replicate), {})
                written.add_one(variant, replicate, value=base[replicate] + value, **given)
        folder = written.write(replicates=30, schedule=PlannedLooks(looks=LOOKS), **plan)
        return compare_records([folder], baseline=baseline, metric=metric)

    return compare


def row(comparison, variant):
    return next(x for x in comparison.tables[0].rows if x.variant == variant)


def interval_at(values, look):
    """The repeated interval of Jennison and Turnbull, by hand."""
    values = values[:look]
    p = NOMINAL[LOOKS.index(look)]
    half = stats.t.isf(p / 2, look - 1) * stats.tstd(values) / look**0.5
    return pytest.approx((sum(values) / look - half, sum(values) / look + half), rel=0.01)


def test_the_alpha_of_a_plan_is_the_one_that_verdicts_go_by():
    assert PlannedLooks(looks=LOOKS).alpha == pytest.approx(alpha_spent(looks_to(30).looks))


def test_a_difference_is_shown_with_the_interval_of_its_look(compared):
    found = row(compared({"noise": NOISE[:8]}), "noise")
    assert (found.difference.interval.low, found.difference.interval.high) == interval_at(NOISE, 8)
    assert found.judgement.verdict.words == "open"


def test_what_was_run_beyond_a_look_waits_for_the_next_one(compared):
    comparison = compared({"noise": NOISE[:7]})
    found = row(comparison, "noise")
    assert (found.n, found.difference.n, found.missing) == (5, 5, 0)
    assert found.difference.mean == pytest.approx(sum(NOISE[:5]) / 5)
    said = "noise: open after 5 replicates; 7 of 8 ended for the next look"
    assert said in comparison.tables[0].notes


def test_a_variant_that_left_keeps_the_verdict_of_its_look(compared):
    comparison = compared({"clear": [*CLEAR[:5], -0.5, -0.5, -0.5], "noise": NOISE[:8]})
    assert row(comparison, "clear").judgement.verdict.words == "better"
    assert row(comparison, "clear").n == 5
    assert row(comparison, "noise").n == 8
    assert row(comparison, "plain").n == 8
    notes = [note for note in comparison.tables[0].notes if "stopped early" in note]
    assert len(notes) == 1
    assert notes[0].startswith("clear: ")


def test_nothing_is_concluded_before_the_first_look(compared):
    comparison = compared({"clear": CLEAR[:4]})
    found = row(comparison, "clear")
    assert found.judgement.verdict.words == "open"
    assert found.difference.interval is None
    assert found.difference.mean == pytest.approx(sum(CLEAR[:4]) / 4)
    assert "clear: 4 of 5 replicates recorded" in comparison.tables[0].notes


@pytest.mark.parametrize(
    ("changes", "by"),
    [
        ({}, ""),
        ({"metric": "training"}, "by test accuracy against plain: "),
        ({"baseline": "clear"}, "by test accuracy against plain: "),
    ],
)
def test_a_table_by_something_else_says_what_its_variants_stand_by(compared, changes, by):
    comparison = compared({"clear": CLEAR[:5], "noise": NOISE[:8]}, **changes)
    noise, clear = comparison.tables[0].notes[:2]
    assert noise == f"noise: {by}open after 8 replicates; 8 of 12 ended for the next look"
    assert clear.startswith(f"clear: {by}stopped early, so that the mean")


def test_a_look_is_not_taken_while_another_variant_lacks_its_pairs(compared):
    found = row(compared({"clear": CLEAR[:5], "noise": NOISE[:4]}), "clear")
    assert (found.judgement.verdict.words, found.judgement.n) == ("open", 0)


def test_survivors_of_a_failed_pair_are_not_judged_and_hold_nobody(compared):
    fields = {("broken", 2): {"status": Status.FAILED, "reason": "out of memory"}}
    comparison = compared({"broken": CLEAR[:8], "noise": NOISE[:8]}, fields=fields)
    assert row(comparison, "broken").judgement.n == 0
    assert row(comparison, "noise").judgement.n == 8
    said = "broken: the look at 5 waits for replicate 3, which failed"
    assert said in comparison.tables[0].notes


def test_what_the_backend_cannot_train_holds_nobody(compared):
    fields = {("odd", r): {"status": Status.UNSUPPORTED, "reason": "no conv"} for r in range(5)}
    comparison = compared({"odd": NOISE[:5], "noise": NOISE[:8]}, fields=fields)
    assert row(comparison, "noise").judgement.n == 8


def test_a_variant_that_was_left_out_holds_nobody(compared):
    comparison = compared({"noise": NOISE[:8]}, variants=("plain", "later", "noise"))
    assert row(comparison, "noise").judgement.n == 8


def test_a_variant_that_diverges_leaves_with_that_verdict(compared):
    failed = {"status": Status.FAILED, "reason": "not a number", "diverged": True}
    comparison = compared({"wild": NOISE[:5], "noise": NOISE[:8]}, fields={("wild", 3): failed})
    assert row(comparison, "wild").judgement.verdict.words == "diverges 1/5"
    assert row(comparison, "noise").judgement.n == 8


def test_a_baseline_that_diverges_later_takes_no_verdict_back(study):
    failed = {"status": Status.FAILED, "reason": "not a number", "diverged": True}
    written = study().add("plain", BASE[:6]).add_one("plain", 6, **failed).add_one("plain", 7)
    for variant, values in (("clear", CLEAR[:5]), ("noise", NOISE[:8])):
        written.add(variant, [b + d for b, d in zip(BASE, values, strict=False)])
    folder = written.write(replicates=30, schedule=PlannedLooks(looks=LOOKS))
    comparison = compare_records([folder])
    assert row(comparison, "clear").judgement.verdict.words == "better"
    assert row(comparison, "noise").judgement.n == 5


def test_two_variants_are_compared_at_the_earlier_of_their_looks(compared):
    comparison = compared({"clear": CLEAR[:5], "noise": NOISE[:8]}, baseline="noise")
    assert row(comparison, "clear").judgement.n == 5


def test_another_metric_is_judged_at_the_looks_of_the_accuracy(compared):
    comparison = compared({"clear": CLEAR, "noise": NOISE[:8]}, metric="training")
    assert row(comparison, "clear").n == 5
    assert row(comparison, "noise").n == 8


def test_a_study_that_was_changed_after_a_look_is_judged_at_any_time(compared):
    comparison = compared({"noise": NOISE[:8]}, looks=(5,))
    table = comparison.tables[0]
    assert table.anytime
    low, high = interval_at(NOISE, 8).expected
    found = row(comparison, "noise").difference.interval
    assert found.low < low
    assert found.high > high


def test_a_plan_of_another_rule_is_judged_at_any_time(study):
    written = study().add("plain", BASE[:8])
    written.add("noise", [b + d for b, d in zip(BASE, NOISE[:8], strict=False)])
    rule = PlannedLooks(looks=LOOKS, alpha=0.05, spending="o'brien")
    comparison = compare_records([written.write(replicates=30, schedule=rule)])
    assert comparison.tables[0].anytime


def test_looks_and_comparisons_are_told_below_the_table(compared):
    comparison = compared({"clear": CLEAR[:5], "noise": NOISE[:8]})
    said = "as strict as 2 comparisons and looks after 5, 8, 12, 18 and 30 replicates ask for"
    assert said in explanation_of(comparison, comparison.tables[0])
    assert not comparison.tables[0].finds


def test_a_selection_tells_what_is_to_be_run_next(study):
    written = study().add("plain", BASE[:8])
    written.add("noise", [b + d for b, d in zip(BASE, NOISE[:8], strict=False)])
    folder = written.write(replicates=30, schedule=PlannedLooks(looks=LOOKS))
    (selection,) = select(read_study(folder / "records.jsonl"))
    assert selection.settlement.next_look == 12


@pytest.mark.parametrize("looks", [(), (5, 5), (8, 5), (1, 5)])
def test_looks_that_do_not_grow_are_damage(looks):
    with pytest.raises(ValueError, match="looks"):
        PlannedLooks(looks=looks)


def test_a_table_says_what_the_loop_of_a_run_goes_by(study):
    written = study().add("plain", BASE[:8])
    for variant, values in (("clear", CLEAR[:8]), ("noise", NOISE[:8]), ("late", NOISE[2:8])):
        written.add(variant, [b + d for b, d in zip(BASE, values, strict=False)])
    folder = written.write(replicates=30, schedule=PlannedLooks(looks=LOOKS))
    (selection,) = select(read_study(folder / "records.jsonl"))
    comparison = compare_records([folder])
    for variant, standing in selection.settlement.standings.items():
        assert row(comparison, variant).judgement == standing.judgement


def test_a_gate_judges_a_figure_by_the_interval_of_its_look(study):
    written = study().add("plain", BASE[:8])
    written.add("noise", [b + d for b, d in zip(BASE, NOISE[:8], strict=False)])
    folder = written.write(replicates=30, schedule=PlannedLooks(looks=LOOKS))
    asked = [parse_requirement("accuracy of plain >= 0.5"), parse_requirement("noise better")]
    found = gate(read_results([folder]), None, asked, find_measure("accuracy", "test"))
    figure, verdict = found.rulings
    interval = figure.estimate.interval
    assert (interval.low, interval.high) == interval_at(BASE, 8)
    assert (figure.outcome, verdict.outcome) == (GateOutcome.HOLDS, GateOutcome.OPEN)


def test_a_gate_counts_the_pairs_that_are_there_before_the_first_look(study):
    written = study().add("plain", BASE[:3])
    written.add("noise", [b + d for b, d in zip(BASE, NOISE[:3], strict=False)])
    folder = written.write(replicates=30, schedule=PlannedLooks(looks=LOOKS))
    asked = [parse_requirement("noise better")]
    (ruling,) = gate(read_results([folder]), None, asked, find_measure("accuracy", "test")).rulings
    assert (ruling.outcome, ruling.why) == (GateOutcome.OPEN, "2 of 5 pairs are missing")


def two_studies(first, second, gains):
    """The same variant in two places or on two backends, with looks; gains: of the first."""
    for written, more in ((first, gains), (second, [0.0] * 8)):
        written.add("plain", [b + g for b, g in zip(BASE, more, strict=False)])
        written.add("noise", [b + d for b, d in zip(BASE, NOISE[: len(more)], strict=False)])
        written.write(replicates=30, schedule=PlannedLooks(looks=LOOKS))


def test_backends_are_compared_at_the_earlier_of_their_looks(study, tmp_path):
    two_studies(study(), study(backend="jax"), [0.01, 0.02, 0.0, 0.01, -0.01, 0.0])
    (table,) = compare_records([tmp_path / "results"], by="backend").tables
    found = next(x for x in table.rows if x.backend == "torch" and x.variant == "plain")
    assert found.judgement.n == 5
    assert table.looks == LOOKS


def test_a_gate_against_stored_results_goes_by_the_looks_of_both(study, reference, tmp_path):
    two_studies(study(), reference(), [0.01, 0.02, 0.0, 0.01, -0.01])
    stored = read_results([tmp_path / "results" / "reference"])
    found = gate(read_results([tmp_path / "results"]), stored, (), find_measure("accuracy", "test"))
    ruling = next(x for x in found.rulings if "plain" in x.subject)
    gains = [0.01, 0.02, 0.0, 0.01, -0.01]
    low, high = ruling.estimate.interval.low, ruling.estimate.interval.high
    p = 0.0075 / 2  # two comparisons, and alpha spent in proportion makes the first limit linear
    half = stats.t.isf(p / 2, 4) * stats.tstd(gains) / 5**0.5
    assert (low, high) == pytest.approx((0.006 - half, 0.006 + half), rel=0.01)


def test_a_gate_waits_for_the_first_look(study, reference, tmp_path):
    two_studies(study(), reference(), [0.01, 0.02, 0.0])
    stored = read_results([tmp_path / "results" / "reference"])
    found = gate(read_results([tmp_path / "results"]), stored, (), find_measure("accuracy", "test"))
    assert {x.outcome for x in found.rulings} == {GateOutcome.OPEN}
    assert all("first look" in x.why for x in found.rulings)
