from __future__ import annotations

import pytest

from cnnbench.planning.looks import looks_before
from cnnbench.results.record import Plan, Record, Status
from cnnbench.results.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path, "study", "torch") as entered:
        yield entered


def ids(replicates, seed=0):
    return [f"seed {seed} plain {replicate}" for replicate in range(replicates)]


def ask(store, replicates, recorded, seed=0):
    """Plan a study as a run does, and record so many of its trials."""
    trials = ids(replicates, seed)
    store.write_plan(
        Plan(
            recipe="study",
            backend="torch",
            baseline="plain",
            variants=("plain",),
            replicates=replicates,
            trials={trial: ("plain", r, None) for r, trial in enumerate(trials)},
            looks=looks_before(store, trials, replicates),
        )
    )
    for trial in trials[:recorded]:
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
    assert looks_before(store, ids(5), 5) == ()


def test_a_study_that_ended_was_seen_before_it_grew(store):
    ask(store, 5, recorded=5)
    assert looks_before(store, ids(10), 10) == (5,)


def test_the_same_study_again_was_not_changed(store):
    ask(store, 5, recorded=5)
    assert looks_before(store, ids(5), 5) == ()


def test_a_study_that_was_interrupted_was_not_seen(store):
    ask(store, 5, recorded=4)
    assert looks_before(store, ids(10), 10) == ()


def test_looks_are_remembered_through_runs_and_changes(store):
    ask(store, 5, recorded=5)
    ask(store, 10, recorded=10)
    assert looks_before(store, ids(10), 10) == (5,)
    assert looks_before(store, ids(20), 20) == (5, 10)


def test_a_study_that_shrinks_was_seen_as_well(store):
    ask(store, 10, recorded=10)
    assert looks_before(store, ids(5), 5) == (10,)


def test_another_seed_is_another_study(store):
    ask(store, 5, recorded=5)
    assert looks_before(store, ids(10, seed=1), 10) == ()


def test_a_damaged_plan_tells_nothing(store):
    ask(store, 5, recorded=5)
    (store.folder / "plan.json").write_text("{")
    assert looks_before(store, ids(10), 10) == ()


def test_a_single_replicate_has_no_verdict_to_act_on(store):
    ask(store, 1, recorded=1)
    assert looks_before(store, ids(5), 5) == ()
