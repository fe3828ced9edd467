"""What wandb keeps of a study in offline mode, to be sent by `wandb sync`."""

from __future__ import annotations

import json
import struct

import pytest
import wandb

from cnnbench.plugin import Epoch, PluginError, RunEnded, Status
from cnnbench.testing import example_record, example_trial
from cnnbench_wandb import TRACKER

pytestmark = pytest.mark.slow
LONG = 300.0
BLOCK, HEADER = 32768, 7
WHOLE, LAST = 1, 4
"""Kinds of parts of a record."""
TRIAL = example_trial(backend="torch")
RECORD = example_record(TRIAL)
ROWS = [
    {"variant": "plain", "test_accuracy_mean": 0.75},
    {"variant": "l2", "test_accuracy_mean": None},
]


def epoch(number, loss):
    return Epoch(epoch=number, loss=loss, penalty=0, accuracy=0.5, learning_rate=0.1, seconds=1)


@pytest.fixture
def offline(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(TRACKER.variable, "photos")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setattr(TRACKER, "seconds", LONG)
    wandb.teardown()  # which remembers the mode of the test before
    yield tmp_path
    wandb.teardown()


def kept(folder):
    """By name of the run, what wandb would send of it."""
    from wandb.proto.wandb_internal_pb2 import Record as Sent

    wandb.teardown()  # writes what it holds
    files = folder.glob("wandb/offline-run-*/*.wandb")
    runs = [[Sent.FromString(data) for data in logged(file.read_bytes())] for file in files]
    return {next(x.run.display_name for x in run if x.HasField("run")): run for run in runs}


def logged(data):
    """The records of a log in LevelDB's format, which wandb's files are behind seven bytes."""
    assert data[:4] == b":W&B"
    at, parts = 7, []
    while at < len(data):
        if BLOCK - at % BLOCK < HEADER:  # what is too short for a header is filled up
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        parts.append(data[at + HEADER : at + HEADER + length])
        at += HEADER + length
        if kind in (WHOLE, LAST):
            yield b"".join(parts)
            parts = []


def values(items):
    return {x.key or ".".join(x.nested_key): json.loads(x.value_json) for x in items}


def test_a_study_is_a_run_for_each_trial_and_one_for_the_comparison(offline):
    TRACKER.cnnbench_trial_started(TRIAL)
    for number, loss in ((1, 2.0), (2, 1.25)):
        TRACKER.cnnbench_epoch_ended(TRIAL, epoch(number, loss))
    TRACKER.cnnbench_trial_ended(TRIAL, RECORD)
    ended = RunEnded(TRIAL.recipe, "torch", offline, lambda: ROWS, lambda: "<html>ü</html>")
    TRACKER.cnnbench_run_ended(ended)

    runs = kept(offline)
    assert set(runs) == {f"{TRIAL.place} (torch)", "comparison (torch)"}
    trial = runs[f"{TRIAL.place} (torch)"]
    about = next(x.run for x in trial if x.HasField("run"))
    assert (about.project, about.run_group, about.job_type) == ("photos", TRIAL.recipe, "plain")
    config = values(about.config.update)
    assert config["trial"] == TRIAL.id
    assert config["training.epochs"] == TRIAL.configuration.training.epochs
    history = [values(x.history.item) for x in trial if x.HasField("history")]
    assert [(x["_step"], x["loss"]) for x in history] == [(1, 2.0), (2, 1.25)]
    summary = {}
    for each in trial:
        if each.HasField("summary"):
            summary |= values(each.summary.update)
    assert summary["test_accuracy"] == 0.875
    assert summary["cost_training"] == 1.5
    assert [x.exit.exit_code for x in trial if x.HasField("exit")] == [0]

    comparison = runs["comparison (torch)"]
    artifacts = [x.request.log_artifact.artifact for x in comparison if x.HasField("request")]
    artifacts += [x.artifact for x in comparison if x.HasField("artifact")]
    assert any(x.type == "report" for x in artifacts)
    (table,) = offline.glob("wandb/offline-run-*/files/media/table/comparison*.json")
    assert json.loads(table.read_text())["data"] == [["plain", 0.75], ["l2", None]]


def test_a_trial_that_failed_is_a_run_that_failed(offline):
    failed = RECORD.model_copy(update={"status": Status.FAILED, "reason": "cut", "metrics": {}})
    TRACKER.cnnbench_trial_ended(TRIAL, failed)
    TRACKER.outbox.flush(LONG)
    ((name, run),) = kept(offline).items()
    assert name == f"{TRIAL.place} (torch)"
    assert [x.exit.exit_code for x in run if x.HasField("exit")] == [1]


def test_a_service_that_is_down_is_one_sentence(offline, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("cnnbench_wandb._sending.PATIENCE", 1.0)
    TRACKER.cnnbench_trial_started(TRIAL)
    with pytest.raises(PluginError, match="Weights & Biases failed: "):
        TRACKER.outbox.flush(LONG)


def test_without_a_project_nothing_is_sent(monkeypatch):
    monkeypatch.delenv(TRACKER.variable, raising=False)
    monkeypatch.setattr(TRACKER, "outbox", None)
    TRACKER.cnnbench_trial_started(TRIAL)
    TRACKER.cnnbench_epoch_ended(TRIAL, epoch(1, 1.0))
    TRACKER.cnnbench_trial_ended(TRIAL, RECORD)
