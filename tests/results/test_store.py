from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from cnnbench.errors import ResultsError
from cnnbench.results import files
from cnnbench.results.details import read_history, read_predictions
from cnnbench.results.read import read_records, read_results
from cnnbench.results.record import Plan, Status
from cnnbench.results.store import Store


@pytest.fixture
def plan():
    return Plan(
        recipe="mnist",
        backend="torch",
        baseline="plain",
        variants=("plain", "dropout"),
        replicates=1,
        trials={"t1": ("plain", 0, None), "t2": ("dropout", 0, None)},
    )


def test_what_is_appended_is_read_back(tmp_path, make_record, history):
    probabilities = np.array([[0.2, 0.8], [0.6, 0.4]], np.float32)
    with Store(tmp_path, "mnist", "torch") as store:
        stored = store.append(
            make_record(),
            history=history,
            predictions=probabilities,
            rows=np.array([7, 3]),
            labels=np.array([1, 0], np.int32),
            environment={"python": "3.11.2", "cores": 2},
        )
    (study,) = read_results([tmp_path]).studies
    assert study.records == (stored,)
    assert study.environments == {stored.environment: {"python": "3.11.2", "cores": 2}}
    assert read_history(study.folder, "t1") == history
    predictions = read_predictions(study.folder, "t1")
    np.testing.assert_array_equal(predictions.probabilities, probabilities)
    np.testing.assert_array_equal(predictions.rows, [7, 3])
    np.testing.assert_array_equal(predictions.labels, [1, 0])


def test_a_record_is_one_line_of_json(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record("t1", reason="two\nlines"))
        store.append(make_record("t2"))
    lines = (store.folder / "records.jsonl").read_text().splitlines()
    assert [json.loads(line)["trial"] for line in lines] == ["t1", "t2"]


def test_equal_environments_are_stored_once(tmp_path, make_record):
    for backend in ("torch", "jax"):
        with Store(tmp_path, "mnist", backend) as store:
            store.append(make_record("t1"), environment={"cores": 2, "python": "3.11"})
            store.append(make_record("t2"), environment={"python": "3.11", "cores": 2})
    assert len(list((tmp_path / "environments").iterdir())) == 1


def test_ok_and_unsupported_trials_are_done_and_failed_ones_are_not(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        for status in Status:
            store.append(make_record(status.value, status=status))
        wanted = [*(status.value for status in Status), "never run"]
        assert store.done(wanted) == {"ok", "unsupported"}
        assert store.unsupported(wanted) == {"unsupported"}


def test_only_the_trials_asked_for_are_done(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record("of an earlier study"))
        assert store.done(["t1"]) == frozenset()


def test_the_newest_record_of_a_trial_counts(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record(accuracy=0.5))
        store.append(make_record(accuracy=0.7))
        assert store.done(["t1"]) == {"t1"}
        store.append(make_record(status=Status.FAILED))
        assert store.done(["t1"]) == frozenset()
    assert [record.status for record in read_results([tmp_path]).records] == [Status.FAILED]


def test_done_trials_are_known_without_entering_and_without_making_folders(tmp_path):
    store = Store(tmp_path / "results", "mnist", "torch")
    assert store.done(["t1"]) == frozenset()
    assert store.read_plan() is None
    assert not (tmp_path / "results").exists()


def test_entering_sees_what_another_run_has_appended_meanwhile(tmp_path, make_record):
    late = Store(tmp_path, "mnist", "torch")
    assert late.done(["t1"]) == frozenset()
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record())
    with late:
        assert late.done(["t1"]) == {"t1"}


def test_the_plan_is_replaced(tmp_path, plan):
    with Store(tmp_path, "mnist", "torch") as store:
        store.write_plan(plan)
        shorter = plan.model_copy(update={"replicates": 0, "trials": {}})
        store.write_plan(shorter)
        assert store.read_plan() == shorter


def test_a_second_run_in_the_same_folder_is_refused(tmp_path):
    with (
        Store(tmp_path, "mnist", "torch") as store,
        pytest.raises(ResultsError, match="another run is writing") as caught,
        Store(tmp_path, "mnist", "torch"),
    ):
        pass
    assert str(store.folder) in str(caught.value)


def test_runs_on_two_backends_go_on_beside_each_other(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as first, Store(tmp_path, "mnist", "jax") as second:
        first.append(make_record("t1"))
        second.append(make_record("t2"))
    assert len(read_results([tmp_path]).records) == 2


def test_the_lock_dies_with_its_process(tmp_path, make_record):
    program = """
        import os, signal, sys
        from pathlib import Path
        from cnnbench.results.store import Store

        with Store(Path(sys.argv[1]), "mnist", "torch"):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(program), tmp_path], check=False)
    assert killed.returncode == -9
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record())


def test_writing_without_the_lock_is_a_bug(tmp_path, make_record):
    with pytest.raises(RuntimeError, match="entered"):
        Store(tmp_path, "mnist", "torch").append(make_record())


def test_unfinished_files_of_a_killed_run_are_cleared_away(tmp_path):
    store = Store(tmp_path, "mnist", "torch")
    store.prepare()
    (store.folder / ".t1.npz.tmp").write_bytes(b"half")
    with store:
        pass
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("name", ["../escape", "a/b", ".hidden", ""])
def test_an_id_that_would_lead_out_of_the_folder_is_refused(tmp_path, make_record, history, name):
    with (
        Store(tmp_path, "mnist", "torch") as store,
        pytest.raises(ResultsError, match="not an id"),
    ):
        store.append(make_record(name), history=history)


def test_records_that_are_a_link_are_read_but_not_appended_to(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record("t1"))
        elsewhere = tmp_path / "elsewhere.jsonl"
        (store.folder / "records.jsonl").rename(elsewhere)
        (store.folder / "records.jsonl").symlink_to(elsewhere)
        before = elsewhere.read_bytes()
        with pytest.raises(ResultsError, match="a link stands where a file of its own belongs"):
            store.append(make_record("t2"))
    with pytest.raises(ResultsError, match="a link stands"), Store(tmp_path, "mnist", "torch"):
        pass
    assert elsewhere.read_bytes() == before
    assert [record.trial for record in read_records(store.folder / "records.jsonl")[0]] == ["t1"]


@pytest.mark.parametrize("name", [".plan.json.tmp", ".probe-{}.tmp"])
def test_a_link_with_the_name_of_an_unfinished_file_is_not_followed(tmp_path, plan, name):
    name = name.format(os.getpid())
    precious = tmp_path / "precious"
    precious.write_text("precious")
    with Store(tmp_path, "mnist", "torch") as store:
        (store.folder / name).symlink_to(precious)
        store.prepare()
        store.write_plan(plan)
    assert precious.read_text() == "precious"
    assert store.read_plan() == plan


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of Unix")
def test_records_that_are_no_regular_file_are_found_out_before_anything_is_trained(tmp_path):
    folder = tmp_path / "mnist" / "torch"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "records.jsonl")
    with pytest.raises(ResultsError, match="it is not a regular file"):
        Store(tmp_path, "mnist", "torch").prepare()


def test_every_folder_is_on_the_disk_before_what_stands_in_it(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(files, "sync_folder", synced.append)
    files.make_folder(tmp_path / "results" / "mnist" / "torch")
    assert synced == [tmp_path, tmp_path / "results", tmp_path / "results" / "mnist"]


def test_records_that_were_removed_meanwhile_are_not_said_to_be_there(tmp_path, make_record):
    with Store(tmp_path, "mnist", "torch") as store:
        store.append(make_record("t1"))
        shutil.rmtree(store.folder)
        with pytest.raises(ResultsError, match="0 trials are recorded there"):
            store.append(make_record("t2"))
