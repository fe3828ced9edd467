from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbench.comparison.inference.holm import holm

ps = st.lists(st.one_of(st.floats(0, 1), st.floats(0, 0.06)), min_size=1, max_size=12)


def test_an_example_is_the_one_worked_out_by_hand():
    steps = holm([0.01, 0.04, 0.03, 0.005], 0.05)
    # times 4, 3, 2, 1 from the smallest on, and no smaller than the one before
    assert steps.adjusted == pytest.approx([0.03, 0.06, 0.06, 0.02])
    # two claims: .005 < .05/4; .01 < .05/4 as well; the others at the step that stopped, .05/2
    assert steps.levels == pytest.approx([0.0125, 0.025, 0.025, 0.0125])


def test_a_claim_of_a_later_step_has_an_interval_of_that_step():
    assert holm([0.001, 0.04], 0.05).levels == pytest.approx([0.025, 0.05])


def test_one_comparison_is_not_corrected():
    steps = holm([0.03], 0.05)
    assert (steps.adjusted, steps.levels) == ((0.03,), (0.05,))


def test_no_comparison_is_none():
    assert holm([], 0.05).adjusted == ()


@given(ps)
def test_a_p_is_below_its_intervals_level_where_the_adjusted_one_is_below_the_familys(values):
    steps = holm(values, 0.05)
    for p, adjusted, level in zip(values, steps.adjusted, steps.levels, strict=True):
        assert (adjusted < 0.05) == (p < level) or p == pytest.approx(level, rel=1e-12)
        assert p <= adjusted
        assert 0.05 / len(values) <= level <= 0.05


@given(ps, st.floats(0.001, 1))
def test_adjusted_ps_make_the_claims_of_holms_steps(values, level):
    left = sorted(values)
    claimed = 0
    while left and left[0] * len(left) < level:
        left.pop(0)
        claimed += 1
    assert sum(p < level for p in holm(values, level).adjusted) == claimed


@given(ps)
def test_a_smaller_p_is_never_adjusted_to_a_larger_one(values):
    adjusted = [x for _, x in sorted(zip(values, holm(values, 0.05).adjusted, strict=True))]
    assert adjusted == sorted(adjusted)
