from __future__ import annotations

import pytest

from cnnbench.planning.looks import looks_before, plan_before, with_kept_looks
from cnnbench.results.record import Plan, PlannedLooks, Record, Status
from cnnbench.results.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path, "study", "torch") as entered:
        yield entered


def ids(replicates, seed=0):
    return [f"seed {seed} plain {replicate}" for replicate in range(replicates)]


def plan(replicates, seed=0, schedule=None):
    return Plan(
        recipe="study",
        backend="torch",
        baseline="plain",
        variants=("plain",),
        replicates=replicates,
        trials={trial: ("plain", r, None) for r, trial in enumerate(ids(replicates, seed))},
        schedule=schedule and PlannedLooks(looks=schedule),
    )


def looks(store, replicates, **kind):
    return before(store, plan(replicates, **kind))


def before(store, asked):
    return looks_before(plan_before(store), asked, store.ended)


def ask(store, replicates, recorded, **kind):
    """Plan a study as a run does, and record so many of its trials."""
    asked = plan(replicates, **kind)
    store.write_plan(asked.model_copy(update={"looks": before(store, asked)}))
    for trial in [*asked.trials][:recorded]:
        store.append(
            Record(
                trial=trial,
                recipe="study",
                variant="plain",
                replicate=0,
                backend="torch",
                status=Status.FAILED if trial.endswith("1") else Status.OK,
            )
        )


def test_a_first_study_was_not_seen_before(store):
    assert looks(store, 5) == ()


def test_a_study_that_ended_was_seen_before_it_grew(store):
    ask(store, 5, recorded=5)
    assert looks(store, 10) == (5,)


def test_the_same_study_again_was_not_changed(store):
    ask(store, 5, recorded=5)
    assert looks(store, 5) == ()


def test_a_study_that_was_interrupted_was_not_seen(store):
    ask(store, 5, recorded=4)
    assert looks(store, 10) == ()


def test_looks_are_remembered_through_runs_and_changes(store):
    ask(store, 5, recorded=5)
    ask(store, 10, recorded=10)
    assert looks(store, 10) == (5,)
    assert looks(store, 20) == (5, 10)


def test_a_study_that_shrinks_was_seen_as_well(store):
    ask(store, 10, recorded=10)
    assert looks(store, 5) == (10,)


def test_another_seed_is_another_study(store):
    ask(store, 5, recorded=5)
    assert looks(store, 10, seed=1) == ()


def test_a_damaged_plan_tells_nothing(store):
    ask(store, 5, recorded=5)
    (store.folder / "plan.json").write_text("{")
    assert looks(store, 10) == ()


def test_a_single_replicate_has_no_verdict_to_act_on(store):
    ask(store, 1, recorded=1)
    assert looks(store, 5) == ()


TO_12, TO_30 = (5, 8, 12), (5, 8, 12, 18, 30)


@pytest.mark.parametrize(("recorded", "seen"), [(4, ()), (5, (5,)), (9, (8,)), (12, (12,))])
def test_a_study_with_looks_was_seen_at_each_before_its_most_was_raised(store, recorded, seen):
    ask(store, 12, recorded, schedule=TO_12)
    assert looks(store, 12, schedule=TO_12) == ()
    assert looks(store, 30, schedule=TO_30) == seen


def test_a_most_that_was_raised_twice_is_remembered_twice(store):
    ask(store, 8, 8, schedule=(5, 8))
    ask(store, 12, 12, schedule=TO_12)
    assert looks(store, 12, schedule=TO_12) == (8,)
    assert looks(store, 30, schedule=TO_30) == (8, 12)


def test_other_looks_of_the_same_most_are_another_rule(store):
    ask(store, 12, 6, schedule=TO_12)
    assert looks(store, 12, schedule=(6, 8, 12)) == (5,)


def test_a_fixed_number_after_a_look_was_chosen_after_it_and_the_other_way_round(store):
    ask(store, 12, 6, schedule=TO_12)
    assert looks(store, 12) == (5,)
    ask(store, 12, 12)
    assert looks(store, 12, schedule=TO_12) == (5, 12)


FEW, MORE = (5, 8, 12, 18, 60), (5, 8, 12, 18, 27, 40, 60)


def kept(store, replicates, **kind):
    return with_kept_looks(plan_before(store), plan(replicates, **kind)).schedule.looks


def test_a_study_keeps_the_looks_that_it_was_begun_with(store):
    ask(store, 60, recorded=20, schedule=FEW)
    assert kept(store, 60, schedule=MORE) == FEW


@pytest.mark.parametrize(
    ("replicates", "seed", "wanted"), [(90, 0, (*MORE, 90)), (60, 1, MORE), (60, 0, (8, 60))]
)
def test_a_study_of_another_size_seed_or_first_look_has_looks_of_its_own(
    store, replicates, seed, wanted
):
    ask(store, 60, recorded=20, schedule=FEW)
    assert kept(store, replicates, seed=seed, schedule=wanted) == wanted


def test_a_first_study_and_one_after_a_fixed_number_have_their_own_looks(store):
    assert kept(store, 60, schedule=MORE) == MORE
    ask(store, 60, recorded=5)
    assert kept(store, 60, schedule=MORE) == MORE
