"""Replicates that are trained as one: the same records, whoever runs them, and what they cost."""

import pytest

import cnnbench
from cnnbench.plugin import EpochEnded, TrialEnded, TrialStarted

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("scripted_path")]

SPENT = {"costs", "beside", "started", "unmeasured", "environment"}


def run(path, tmp_path, **options):
    options = {"backend": "scripted", "results": tmp_path / "results", "jobs": 1} | options
    records = cnnbench.run(path, **options)
    return {(record.variant, record.replicate): record for record in records}


def told(records):
    return {key: record.model_dump(exclude=SPENT) for key, record in records.items()}


@pytest.mark.parametrize("executor", ["local", "inline"])
def test_records_of_a_stack_are_those_of_trials_alone(recipe, tmp_path, executor):
    together = run(recipe(), tmp_path, stack=2, executor=executor)
    assert {record.beside.stack for record in together.values()} == {2}
    alone = run(recipe(), tmp_path, results=tmp_path / "alone", executor="inline")
    assert {record.beside.stack for record in alone.values()} == {1}
    assert told(together) == told(alone)
    for name in ("history", "predictions"):
        folders = [tmp_path / x / "tiny" / "scripted" / name for x in ("results", "alone")]
        assert len({tuple(sorted(x.name for x in each.iterdir())) for each in folders}) == 1


def test_a_stack_is_no_part_of_an_identity(recipe, tmp_path):
    first = run(recipe(), tmp_path, stack=2, executor="inline")
    again = run(recipe(), tmp_path, executor="inline")
    assert again == first, "nothing was run again"


def test_each_of_a_stack_is_told_of_as_it_goes(recipe, tmp_path):
    heard = []
    run(recipe(), tmp_path, stack=2, progress=heard.append)
    by_trial = {}
    for event in heard:
        if isinstance(event, TrialStarted | EpochEnded | TrialEnded):
            by_trial.setdefault(event.trial.id, []).append(type(event))
    assert len(by_trial) == 4
    for kinds in by_trial.values():
        assert kinds == [TrialStarted, EpochEnded, EpochEnded, TrialEnded]


def test_a_stack_whose_process_dies_is_lost_as_one_and_no_other(recipe, tmp_path):
    records = run(recipe(9.0), tmp_path, stack=2)
    assert {records["good", r].status for r in (0, 1)} == {"ok"}
    for replicate in (0, 1):
        lost = records["other", replicate]
        assert lost.status == "failed"
        assert lost.reason.startswith("the worker process died: signal SIGKILL")


def test_a_stack_has_the_time_of_all_its_trials(recipe, tmp_path):
    records = run(recipe(8.0), tmp_path, stack=2, timeout=2.0)
    assert {records["good", r].status for r in (0, 1)} == {"ok"}
    for replicate in (0, 1):
        assert records["other", replicate].reason.startswith("took longer than 4 s")


def test_a_run_of_stacks_says_what_runs_one_by_one(recipe, tmp_path):
    plateau = {"training.schedule.kind": "plateau"}
    records = run(recipe(), tmp_path, stack=2, executor="inline", overrides=plateau)
    assert {record.beside.stack for record in records.values()} == {1}
