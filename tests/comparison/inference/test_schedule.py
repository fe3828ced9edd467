from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnnbench.comparison.inference.sample import Sample
from cnnbench.comparison.inference.schedule import LookSchedule, fixed, looks_to
from cnnbench.errors import ComparisonError

schedules = st.sampled_from(
    [fixed(), looks_to(8), looks_to(30), looks_to(100), LookSchedule(anytime=True)]
)


@pytest.mark.parametrize(
    ("most", "looks"),
    [
        (5, (5,)),
        (6, (5, 6)),
        (12, (5, 8, 12)),
        (30, (5, 8, 12, 18, 30)),
        (18, (5, 8, 12, 18)),
        (33, (5, 8, 12, 18, 33)),
        (34, (5, 8, 12, 18, 27, 34)),
        (60, (5, 8, 12, 18, 27, 40, 60)),
        (100, (5, 8, 12, 18, 27, 40, 60, 100)),
    ],
)
def test_looks_lead_to_the_most(most, looks):
    assert looks_to(most).looks == looks


def test_no_look_is_below_five():
    with pytest.raises(ComparisonError, match="the most is 4; allow 5 or more"):
        looks_to(4)


def test_a_look_counts_when_it_is_reached():
    schedule = looks_to(30)
    assert [schedule.look_of(n) for n in (0, 4, 5, 7, 8, 31)] == [0, 0, 5, 5, 8, 30]
    assert [schedule.next_look(n) for n in (0, 5, 7, 29, 30)] == [5, 8, 8, 30, None]


def test_a_fixed_number_is_looked_at_as_it_is():
    assert [fixed().look_of(n) for n in (0, 3, 7)] == [0, 3, 7]


def test_a_study_of_another_most_is_judged_by_what_holds_at_any_time():
    schedule = looks_to(12)
    assert schedule.extended_to(12) is schedule
    extended = schedule.extended_to(40)
    assert extended.anytime
    assert extended.looks == (5, 8, 12, 40)
    assert extended.look_of(7) == 7


def test_several_looks_ask_for_more_than_one():
    sample = Sample(5, 0.03, 0.02)
    one, many, any_time = (x.p(sample) for x in (fixed(), looks_to(30), LookSchedule(anytime=True)))
    assert one < many < any_time


def test_one_look_at_the_most_is_the_fixed_number():
    sample = Sample(5, 0.03, 0.02)
    assert looks_to(5).p(sample) == fixed().p(sample)
    assert looks_to(5).interval(sample, 0.05) == fixed().interval(sample, 0.05)


@settings(deadline=None)  # the first makes the tables of limits
@given(schedules, st.sampled_from([5, 8]), st.floats(-3, 3), st.floats(0.0005, 0.05))
def test_a_p_is_the_smallest_level_whose_interval_leaves_out_zero(schedule, n, mean, level):
    sample = Sample(n, mean, 1.0)
    p, interval = schedule.p(sample), schedule.interval(sample, level)
    assume(abs(p / level - 1) > 1e-9)
    leaves_out = interval is not None and not interval.low <= 0 <= interval.high
    assert leaves_out == (p < level)
