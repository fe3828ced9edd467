from __future__ import annotations

from dataclasses import replace

import pytest

from cnnbench.comparison.inference.verdicts import margin_of_fractions
from cnnbench.report.sentences import answer_of, explanation_of


@pytest.fixture
def answer(comparisons):
    def make(*judged, metric="accuracy", **changes):
        rows = [comparisons.judged(*x, **changes) for x in judged]
        table = comparisons.table(*rows, margin=margin_of_fractions(0.01), family=len(rows))
        return answer_of(comparisons.comparison(table, metric=metric), table)

    return make


def test_one_clear_difference_is_the_answer(answer):
    assert answer(("augmentation", "better", 0.048, 0.025, 10), ("l2", "open", 0.0, 0.02, 5)) == (
        "Augmentation helps: +4.8 points [+2.3, +7.3], 10 of 10 pairs; nothing else is settled."
    )


def test_several_are_named_with_their_size_the_largest_first(answer):
    names = [
        (name, "better", mean, 0.01, 9) for name, mean in zip("abcd", (2, 4, 3, 5), strict=True)
    ]
    scaled = [(name, word, mean / 100, half, won) for name, word, mean, half, won in names]
    assert answer(*scaled) == "D (+5.0 points), b (+4.0 points), c (+3.0 points) and 1 more help."


def test_where_nothing_is_settled_it_says_what_may_be(answer):
    found = answer(("a", "maybe better", 0.02, 0.03, 9), ("b", "maybe worse", -0.02, 0.03, 1))
    assert found == "Nothing is settled; a may help; b may hurt."
    assert answer(("a", "open", 0.0, 0.03, 5)) == "Nothing is settled."


def test_all_other_words_have_their_part(answer):
    found = answer(
        ("l1", "slightly worse", -0.005, 0.003, 1),
        ("l2", "same", 0.001, 0.006, 6),
        ("l1_l2", "same", 0.002, 0.006, 6),
        ("rate", "diverges", 0.0, 0.01, 0),
    )
    assert found == (
        "L1 hurts, by less than 1 point: -0.5 points [-0.8, -0.2], 1 of 10 pairs; "
        "l1_l2 and l2 make no difference of 1 point; rate diverges."
    )


def test_of_a_cost_better_is_said_to_be_better(answer):
    found = answer(
        ("small", "better", -0.4, 0.1, 10), ("large", "maybe worse", 0.2, 0.3, 1), metric="training"
    )
    assert found.startswith("Small is better: -0.4 s [-0.5, -0.3]")
    assert found.endswith("nothing else is settled; large may be worse.")


def test_backends_and_what_is_not_judged_have_no_answer(comparisons):
    for comparison in (comparisons.BACKENDS, comparisons.CONSTANTS):
        assert answer_of(comparison, comparison.tables[0]) == ""


def test_the_words_that_stand_in_the_table_are_explained(comparisons):
    comparison = comparisons.VERDICTS
    text = explanation_of(comparison, comparison.tables[0])
    assert "after Holm's correction for 6 comparisons; better?, worse?: only if" in text
    assert "same: all of [ ] is within 1 point; open: " in text
    assert (
        "10 replicates find a difference of 2.9 points in 4 of 5 studies; 20: 1.9; 30: 1.5." in text
    )


def test_words_that_do_not_stand_there_are_not(comparisons):
    comparison = comparisons.SMALL_DATA
    text = explanation_of(comparison, comparison.tables[0])
    assert "Holm" not in text
    assert "open" not in text


def test_intervals_are_explained_where_there_are_any(comparisons):
    value, difference = comparisons.estimate(0.9, n=1), comparisons.estimate(0.1, n=1)
    alone = comparisons.table(comparisons.row("wide", value, difference, n=1), looks=(5, 8))
    assert "interval" not in explanation_of(comparisons.comparison(alone), alone)
    one = comparisons.table(comparisons.row("base", comparisons.estimate(0.9, 0.1)), looks=(5, 8))
    explained = explanation_of(comparisons.comparison(one), one)
    assert explained.startswith("± is a 95 % interval over replicates, ± of these")
    assert "[ ]" not in explained


def test_open_is_not_explained_by_an_interval_that_is_not_there(comparisons):
    (row,) = comparisons.table(comparisons.judged("l2", "open", 0.01, 0.02, 1)).rows
    bare = replace(row, difference=comparisons.estimate(0.01, n=1))
    for shown, said in ((row, "Open: [ ] leaves room for both."), (bare, "Open: one pair settles")):
        table = comparisons.table(shown)
        assert said in explanation_of(comparisons.comparison(table), table)
