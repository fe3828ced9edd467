"""What happens to trials whose worker fails in every way a worker can."""

import json

import pytest

import cnnbench
from cnnbench.errors import PluginError
from cnnbench.execution import opening
from cnnbench.plugin import TrialEnded
from cnnbench.results.details import read_failure

pytestmark = pytest.mark.usefixtures("scripted_path")


def by_variant(records):
    return {(record.variant, record.replicate): record for record in records}


def run(path, tmp_path, **options):
    # Each worker takes most of a second to start; most tests need no second one.
    options = {"backend": "scripted", "results": tmp_path / "results", "jobs": 1} | options
    return by_variant(cnnbench.run(path, **options))


def run_inline(path, tmp_path, **options):
    """For what is the same without workers."""
    return run(path, tmp_path, executor="inline", **options)


@pytest.mark.slow
def test_every_trial_leaves_an_ok_record_with_metrics_costs_and_history(recipe, tmp_path):
    records = run(recipe(), tmp_path, jobs=2)
    assert {key for key, record in records.items() if record.status == "ok"} == {
        (variant, replicate) for variant in ("good", "other") for replicate in (0, 1)
    }
    record = records["good", 0]
    assert not record.diverged
    assert record.samples.train == 40
    by_class = record.samples.by_class
    assert {split: sum(counts) for split, counts in by_class.items()} == {
        "train": 40,
        "validation": 20,
        "test": 30,
    }
    assert by_class["test"] == tuple(map(sum, record.metrics["test"]["confusion"]))
    assert record.epochs == 2
    assert 0 <= record.metrics["test"]["accuracy"] <= 1
    assert record.metrics["trivial"]["chance"] == 0.1
    # conv 3x3x1x2 + 2, dense 2x10 + 10
    assert record.costs.parameters == 20 + 30
    folder = tmp_path / "results" / "tiny" / "scripted"
    history = (folder / "history" / f"{record.trial}.csv").read_text().splitlines()
    assert len(history) == 3
    environments = list((tmp_path / "results" / "environments").iterdir())
    assert [path.stem for path in environments] == [record.environment]
    assert json.loads(environments[0].read_text())["backend_versions"].keys() == {"numpy"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "status", "reason"),
    [
        (9.0, "failed", "the worker process died: signal SIGKILL"),
        (7.0, "failed", "RuntimeError: the kernel fell over ("),
        (6.0, "failed", "the training loss became nan in epoch 1; lower training.learning_rate"),
    ],
)
def test_a_failing_trial_costs_itself_alone(recipe, tmp_path, rate, status, reason):
    records = run(recipe(rate), tmp_path)
    assert {records["good", r].status for r in (0, 1)} == {"ok"}
    for replicate in (0, 1):
        failed = records["other", replicate]
        assert failed.status == status
        assert failed.reason.startswith(reason)


@pytest.mark.slow
def test_an_endless_trial_times_out_and_the_others_go_on(recipe, tmp_path):
    records = run(recipe(8.0), tmp_path, timeout=2.0)
    assert {records["good", r].status for r in (0, 1)} == {"ok"}
    assert {records["other", r].status for r in (0, 1)} == {"timeout"}
    assert records["other", 0].reason.startswith("took longer than 2 s")


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "status"), [(3.0, "timeout"), (2.0, "failed")])
def test_a_trial_that_is_lost_keeps_the_epochs_it_told_of(recipe, tmp_path, rate, status):
    one = {"timeout": 3.0, "overrides": {"replicates": 1}}
    record = run(recipe(rate), tmp_path, **one)["other", 0]
    assert record.status == status
    assert record.epochs == 1
    history = tmp_path / "results" / "tiny" / "scripted" / "history" / f"{record.trial}.csv"
    assert len(history.read_text().splitlines()) == 2  # the names of the columns, one epoch


@pytest.mark.slow
def test_a_diverged_trial_keeps_its_history(recipe, tmp_path):
    record = run_inline(recipe(6.0), tmp_path)["other", 0]
    history = tmp_path / "results" / "tiny" / "scripted" / "history" / f"{record.trial}.csv"
    assert "nan" in history.read_text().lower()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "reason"),
    [
        (5.0, "the validation loss became nan in epoch 1; lower training.learning_rate"),
        (4.0, "the probabilities of the test images are not finite numbers; lower"),
    ],
)
def test_a_trial_whose_last_step_diverged_is_no_result(recipe, tmp_path, rate, reason):
    # A step's loss is taken before it moves the weights, so the training loss is fine.
    record = run_inline(recipe(rate), tmp_path, overrides={"training.epochs": 1})["other", 0]
    assert record.status == "failed"
    assert record.reason.startswith(reason)
    assert record.diverged
    assert record.metrics == {}
    assert record.epochs == 1


@pytest.mark.slow
def test_the_inline_executor_gives_the_same_results(recipe, tmp_path):
    local = run(recipe(), tmp_path)
    inline = run(recipe(), tmp_path, results=tmp_path / "inline", executor="inline")
    for key, record in local.items():
        assert inline[key].trial == record.trial
        assert inline[key].metrics == record.metrics


@pytest.mark.slow
def test_a_finished_study_is_not_run_again_unless_forced(recipe, tmp_path):
    first = run_inline(recipe(), tmp_path)
    again = run_inline(recipe(), tmp_path)
    assert again == first
    forced = run_inline(recipe(), tmp_path, force=True)
    assert {k: r.metrics for k, r in forced.items()} == {k: r.metrics for k, r in first.items()}
    assert all(forced[key].started > first[key].started for key in first)


@pytest.mark.slow
def test_records_carry_the_names_that_their_variants_have_now(recipe, tmp_path):
    path = recipe()
    first = run_inline(path, tmp_path)
    path.write_text(path.read_text().replace('name = "other"', 'name = "renamed"'))
    again = run_inline(path, tmp_path)
    assert again["renamed", 0].trial == first["other", 0].trial
    assert again["renamed", 0].started == first["other", 0].started


@pytest.mark.slow
def test_failed_trials_run_again(recipe, tmp_path):
    broken = run_inline(recipe(7.0), tmp_path)
    again = run_inline(recipe(7.0), tmp_path)
    assert again["good", 0] == broken["good", 0]
    assert again["other", 0].started > broken["other", 0].started


@pytest.mark.slow
def test_more_replicates_run_only_what_is_new(recipe, tmp_path):
    first = run_inline(recipe(), tmp_path)
    more = run_inline(recipe(), tmp_path, overrides={"replicates": 3})
    assert len(more) == 6
    assert {key: more[key] for key in first} == first


def test_a_backend_that_cant_run_is_refused_with_what_to_install(recipe, tmp_path):
    with pytest.raises(PluginError, match="its framework is not installed; install it with: pip"):
        run(recipe(), tmp_path, backend="absent")


@pytest.mark.slow
def test_workers_that_never_come_up_end_the_run(recipe, tmp_path):
    with pytest.raises(PluginError, match=r"die before their first trial \(exit code 3"):
        run(recipe(), tmp_path, backend="stillborn")


@pytest.mark.slow
def test_a_backend_that_breaks_when_opened_is_said_with_its_reason(recipe, tmp_path):
    with pytest.raises(PluginError) as refused:
        run(recipe(), tmp_path, backend="broken")
    said = str(refused.value)
    assert said.startswith("backend broken can't be opened: ValueError: the framework's library is")
    assert "cnnbench_scripted.py:" in said
    assert said.endswith("--executor inline shows the whole traceback")


@pytest.mark.slow
@pytest.mark.parametrize("executor", [pytest.param("local", marks=pytest.mark.slow), "inline"])
def test_a_crash_says_where_its_traceback_is_kept(recipe, tmp_path, capfd, executor):
    record = run(recipe(7.0), tmp_path, executor=executor)["other", 0]
    reason, _, file = record.reason.partition("; more in ")
    assert reason.startswith("RuntimeError: the kernel fell over (")
    assert file == f"failures/{record.trial}.txt"
    kept = read_failure(tmp_path / "results" / "tiny" / "scripted", record.trial)
    assert kept.startswith("Traceback (most recent call last):\n")
    assert "in train_epoch" in kept
    assert "RuntimeError: the kernel\nfell over" in kept
    assert ("in train_epoch" in capfd.readouterr().err) == (executor == "inline")


@pytest.mark.slow
def test_a_worker_that_dies_leaves_its_last_output(recipe, tmp_path):
    record = run(recipe(2.0), tmp_path)["other", 0]
    assert record.reason.endswith(f"; more in failures/{record.trial}.txt")
    kept = read_failure(tmp_path / "results" / "tiny" / "scripted", record.trial)
    assert kept.endswith("a framework that prints\n")


@pytest.mark.slow
def test_what_was_kept_of_a_failure_goes_when_the_trial_succeeds(recipe, tmp_path, monkeypatch):
    path = recipe(7.0)
    run_inline(path, tmp_path)
    failures = tmp_path / "results" / "tiny" / "scripted" / "failures"
    assert len(list(failures.iterdir())) == 2
    monkeypatch.setenv("SCRIPTED_IS_MENDED", "1")
    records = run_inline(path, tmp_path)
    assert {record.status for record in records.values()} == {"ok"}
    assert list(failures.iterdir()) == []


@pytest.mark.slow
def test_listeners_hear_of_a_failure_as_it_was_recorded(recipe, tmp_path):
    heard = []
    records = run_inline(recipe(7.0), tmp_path, progress=heard.append)
    ended = [event for event in heard if isinstance(event, TrialEnded)]
    reasons = {event.trial.id: event.outcome.record.reason for event in ended}
    assert reasons == {record.trial: record.reason for record in records.values()}


@pytest.mark.slow
def test_a_worker_that_hangs_while_it_opens_ends_the_run(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "OPENING_LIMIT", 1.0)
    with pytest.raises(PluginError, match="backend hanging was not open after"):
        run(recipe(), tmp_path, backend="hanging")


@pytest.mark.slow
def test_workers_that_die_now_and_then_while_opening_do_not_end_the_run(
    recipe, tmp_path, monkeypatch
):
    monkeypatch.setenv("FITFUL", str(tmp_path / "died"))
    # Every second worker dies: more than three in all, but never three in a row.
    records = run(recipe(9.0), tmp_path, backend="fitful", jobs=1, overrides={"replicates": 4})
    assert {records["good", r].status for r in range(4)} == {"ok"}
    assert {records["other", r].status for r in range(4)} == {"failed"}
