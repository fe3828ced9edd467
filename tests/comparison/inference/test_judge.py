from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cnnbench.comparison.inference.judge import Differences, judge
from cnnbench.comparison.inference.schedule import LookSchedule, looks_to
from cnnbench.comparison.inference.settle import EndedPairs, settled
from cnnbench.comparison.inference.verdicts import Conclusion, margin_of_fractions
from cnnbench.comparison.metrics import METRICS

MARGIN = margin_of_fractions(0.01)
SCHEDULES = (
    LookSchedule(),
    LookSchedule((5,)),
    looks_to(12),
    looks_to(30),
    looks_to(100),
    LookSchedule(anytime=True),
)


def words(values, **fields):
    family = {"it": Differences(tuple(values), **fields)}
    return judge(family, margin=MARGIN)["it"].verdict.words


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.05, 0.04, 0.06, 0.05, 0.05], "better"),
        ([-0.05, -0.04, -0.06, -0.05, -0.05], "worse"),
        ([0.005, 0.004, 0.006, 0.005, 0.005], "better, by less than 1 point"),
        ([-0.005, -0.004, -0.006, -0.005, -0.005], "worse, by less than 1 point"),
        ([0.001, -0.001, 0.002, -0.002, 0.0], "same within 1 point"),
        ([0.05, -0.04, 0.03, -0.02, 0.01], "open"),
        ([0.05], "open"),
        ([], "open"),
    ],
)
def test_differences_have_the_word_that_their_interval_has(values, said):
    assert words(values) == said


def test_what_only_a_single_comparison_would_show_has_a_question_mark():
    values = (0.05, 0.01, 0.04, 0.02, 0.06)  # p = .018
    alone = judge({"it": Differences(values)}, margin=MARGIN)["it"]
    noise = {str(i): Differences((0.05, -0.04, 0.03, -0.02, 0.01)) for i in range(5)}
    among = judge({"it": Differences(values), **noise}, margin=MARGIN)["it"]
    worse = judge({"it": Differences(tuple(-x for x in values)), **noise})["it"]
    assert alone.verdict.words == "better"
    assert among.verdict.words == "better?"
    assert worse.verdict.words == "worse?"
    assert among.interval.low < 0 < among.plain.low
    assert among.p < 0.05 < among.p_holm


def test_training_that_diverges_is_neither_better_nor_worse():
    found = judge(
        {
            "risky": Differences((0.6, 0.5, 0.7, 0.6), planned=6, diverged=2),
            "safe": Differences((0.05, 0.01, 0.04, 0.02, 0.06)),
        }
    )
    assert found["risky"].verdict.words == "diverges 2/6"
    assert found["risky"].interval is None
    assert found["risky"].p is None
    assert found["safe"].p_holm == found["safe"].p


def test_of_a_loss_less_is_better():
    family = {"it": Differences((-0.5, -0.4, -0.6, -0.5, -0.5))}
    found = judge(family, higher_is_better=False)["it"]
    assert found.verdict.outcome is Conclusion.BETTER
    assert found.won == 5


def test_pairs_are_won_or_tied():
    found = judge({"it": Differences((0.1, 0.0, -0.1, 0.2, 0.3))})["it"]
    assert (found.n, found.won, found.tied) == (5, 3, 1)


def test_equal_differences_of_small_test_sets_are_not_taken_for_certain():
    assert words([0.02, 0.02], resolution=0.01) == "open"
    assert words([0.0] * 5, resolution=0.01) == "same within 1 point"


def test_differences_without_any_spread_say_nothing_about_their_mean():
    found = judge({"it": Differences((0.02,) * 5)}, margin=MARGIN)["it"]
    assert found.verdict.outcome is Conclusion.OPEN
    assert found.interval is None


def test_without_a_margin_nothing_is_the_same():
    found = judge({"it": Differences((0.001, -0.001, 0.002, -0.002, 0.0))})["it"]
    assert found.verdict.outcome is Conclusion.OPEN
    assert found.probabilities is None


def test_only_pairs_up_to_the_last_look_count():
    values = (0.05, -0.04, 0.03, -0.02, 0.01, 0.5, 0.5)
    found = judge({"it": Differences(values)}, schedule=looks_to(30))["it"]
    assert found.n == 5
    assert (
        found.interval
        == judge({"it": Differences(values[:5])}, schedule=looks_to(30))["it"].interval
    )


def test_before_the_first_look_nothing_is_said():
    found = judge({"it": Differences((0.05, 0.05, 0.06, 0.05))}, schedule=looks_to(30))["it"]
    assert (found.n, found.interval, found.verdict.outcome) == (0, None, Conclusion.OPEN)


def test_the_interval_of_a_look_is_mean_and_quantile_by_hand():
    values = (0.05, -0.04, 0.03, -0.02, 0.01, 0.02, 0.04, 0.0)
    found = judge({"it": Differences(values)}, schedule=looks_to(30))["it"]
    half = stats.t.isf(0.006671 / 2, 7) * np.std(values, ddof=1) / 8**0.5
    assert found.interval.low == pytest.approx(np.mean(values) - half, abs=1e-5)
    assert found.interval.high == pytest.approx(np.mean(values) + half, abs=1e-5)


def test_a_table_is_judged_as_the_audit_judged_it():
    # Two tables of the audit in p-values: .0098 and .0130 of six keep nothing, .0002 and .0017 do.
    def with_p(p, n):
        base = stats.norm.ppf((np.arange(n) + 0.5) / n)
        t = stats.t.isf(p / 2, n - 1)
        return Differences(tuple(base + t * base.std(ddof=1) / n**0.5))

    five = judge({str(p): with_p(p, 5) for p in (0.0098, 0.0130, 0.4, 0.5, 0.6, 0.7)})
    assert [round(x.p_holm, 3) for x in five.values()][:2] == [0.059, 0.065]
    assert [x.verdict.words for x in five.values()] == ["better?"] * 2 + ["open"] * 4
    ten = judge({str(p): with_p(p, 10) for p in (0.0002, 0.0017, 0.0098, 0.02, 0.1, 0.7)})
    assert [x.verdict.words for x in ten.values()] == [*["better"] * 3, "better?", "open", "open"]


numbers = st.integers(0, 2**32 - 1)


@st.composite
def families(draw):
    """Normal or tied differences of up to 12 variants, some with a few pairs fewer."""
    rng = np.random.default_rng(draw(numbers))
    n, tied = draw(st.integers(2, 31)), draw(st.booleans())
    fraction = draw(st.sampled_from([0.0, 0.2]))
    effects = rng.normal(0, draw(st.floats(0, 3)), draw(st.integers(1, 12)))
    drawn = [rng.normal(effect, 1, max(1, n - int(rng.integers(0, 3)))) for effect in effects]
    return {
        str(i): Differences(
            tuple(map(float, np.round(values) if tied else values)),
            test_fraction=fraction,
            resolution=float(tied),
        )
        for i, values in enumerate(drawn)
    }


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)  # the first makes the tables of limits
@given(families(), st.sampled_from(SCHEDULES), st.floats(0, 2), st.booleans())
def test_interval_p_and_word_never_contradict_each_other(family, schedule, margin, higher):
    found = judge(
        family, schedule=schedule, margin=margin_of_fractions(margin), higher_is_better=higher
    )
    for judgement in found.values():
        check(judgement, margin, higher)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(families(), st.sampled_from([12, 30, 100]), st.floats(0, 2))
def test_nor_do_they_where_each_variant_left_at_a_look_of_its_own(family, most, margin):
    study = {
        name: EndedPairs(dict(enumerate(x.values)), resolution=x.resolution)
        for name, x in family.items()
    }
    within = margin_of_fractions(margin)
    found = settled(
        study, schedule=looks_to(most), metric=METRICS["accuracy"], margin=within
    ).standings
    for standing in found.values():
        check(standing.judgement, margin, higher=True)
        assert standing.judgement.n == standing.look
        left = standing.look and not standing.goes_on and standing.look < most
        assert not left or standing.judgement.verdict.outcome.settled


def check(judgement, margin, higher):
    outcome, interval = judgement.verdict.outcome, judgement.interval
    if judgement.p is None:
        assert interval is judgement.plain is None
        assert outcome is Conclusion.OPEN
        return
    claims_up, claims_down = sides(interval, higher)
    claims = claims_up or claims_down
    assert claims == (judgement.p_holm < 0.05)
    assert outcome.helps == claims_up
    assert outcome.hurts == claims_down
    within = interval is not None and -margin < interval.low <= interval.high < margin
    small = {Conclusion.SAME, Conclusion.SLIGHTLY_BETTER, Conclusion.SLIGHTLY_WORSE}
    assert (outcome in small) == within
    plain = judgement.plain
    if interval is not None:
        assert interval.low <= plain.low <= plain.high <= interval.high
    alone = any(sides(plain, higher))
    assert alone == (judgement.p < 0.05)
    maybe = outcome in {Conclusion.MAYBE_BETTER, Conclusion.MAYBE_WORSE}
    assert maybe == (alone and not claims and not within)
    assert outcome.settled == (claims or within)
    assert judgement.p <= judgement.p_holm
    three = judgement.probabilities
    assert three.below + three.within + three.above == pytest.approx(1)


def sides(interval, higher):
    if interval is None:
        return False, False
    up, down = interval.low > 0, interval.high < 0
    return (up, down) if higher else (down, up)
