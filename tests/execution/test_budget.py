import math

import pytest

from cnnbench.errors import OptionsError
from cnnbench.execution.budget import Budget, read_budget
from cnnbench.plugin.executor import Outcome, TrialEnded, TrialStarted
from cnnbench.testing.example import example_trial


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def trials(replicates, variants=("plain", "slow"), backend="torch"):
    return [
        example_trial(id=f"{backend}{v}{r}", variant=v, replicate=r, backend=backend)
        for r in replicates
        for v in variants
    ]


def run(budget, clock, some, seconds, starting=0.0):
    """Run trials one after the other; seconds: of each variant."""
    with budget.measuring(some[0].backend):
        clock.now += starting
        for trial in some:
            budget.hear(TrialStarted(trial, 0))
            clock.now += seconds[trial.variant]
            budget.hear(TrialEnded(trial, 0, Outcome(record=None)))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("20min", 1200), ("1.5h", 5400), ("1h30min", 5400), (" 2 MIN 5 s ", 125)],
)
def test_a_time_has_a_unit(text, seconds):
    assert read_budget(text) == seconds


@pytest.mark.parametrize("text", ["", "20", "0s", "-3min", "20minutes", "min", "1h30", "infh"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(OptionsError, match="no time to spend, expected"):
        read_budget(text)


@pytest.mark.parametrize("seconds", [0, -1.0, float("inf"), float("nan"), True, [3]])
def test_a_number_of_seconds_is_above_zero(seconds):
    with pytest.raises(OptionsError, match="expected a number of seconds above 0"):
        Budget(seconds)


def test_without_a_budget_all_fits(clock):
    some = trials(range(5))
    assert Budget(clock=clock).fitting(some) == tuple(some)


def test_what_is_left_of_it_is_told(clock):
    budget = Budget(100.0, clock)
    clock.now += 130.0
    assert budget.left() == -30.0
    assert Budget(clock=clock).left() == math.inf


def test_one_replicate_tells_what_the_others_take(clock):
    budget = Budget(100.0, clock)
    some = trials(range(8))
    first = budget.fitting(some)
    assert [trial.replicate for trial in first] == [0, 0]
    run(budget, clock, first, {"plain": 5.0, "slow": 15.0})
    # 80 seconds are left, for four replicates of 20.
    assert {trial.replicate for trial in budget.fitting(some[2:])} == {1, 2, 3, 4}


def test_what_a_variant_takes_counts_when_others_have_stopped(clock):
    budget = Budget(100.0, clock)
    run(budget, clock, trials([0]), {"plain": 5.0, "slow": 15.0})
    assert len(budget.fitting(trials(range(1, 9), variants=["plain"]))) == 8
    assert len(budget.fitting(trials(range(1, 9), variants=["slow"]))) == 5


def test_starting_workers_is_taken_to_cost_as_much_again(clock):
    budget = Budget(100.0, clock)
    run(budget, clock, trials([0]), {"plain": 5.0, "slow": 15.0}, starting=20.0)
    # 60 seconds are left, and a replicate took 40 with all that it waited for.
    assert {trial.replicate for trial in budget.fitting(trials(range(1, 9)))} == {1}


def test_nothing_fits_once_the_budget_is_spent(clock):
    budget = Budget(10.0, clock)
    clock.now += 10.0
    assert budget.fitting(trials(range(3))) == ()


def test_another_backend_is_expected_to_be_as_fast_until_it_has_shown_itself(clock):
    budget = Budget(60.0, clock)
    run(budget, clock, trials([0]), {"plain": 15.0, "slow": 15.0})
    assert len(budget.fitting(trials(range(4), backend="jax"))) == 2
    run(budget, clock, trials([0], backend="jax"), {"plain": 2.0, "slow": 3.0})
    assert len(budget.fitting(trials(range(1, 9), backend="jax"))) == 10


def test_trials_that_took_no_time_are_no_reason_to_stop(clock):
    budget = Budget(10.0, clock)
    run(budget, clock, trials([0]), {"plain": 0.0, "slow": 0.0})
    assert len(budget.fitting(trials(range(1, 4)))) == 6
