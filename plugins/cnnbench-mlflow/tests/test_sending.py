"""What MLflow holds after a study, in a SQLite store and behind its server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cnnbench.plugin import Epoch, PluginError, Record, RunEnded, Status
from cnnbench.testing import example_record, example_trial
from cnnbench_mlflow import TRACKER

pytestmark = pytest.mark.slow
LONG = 300.0
TRIAL = example_trial(backend="torch")
RECORD = example_record(TRIAL)
ROWS = [
    {"variant": "plain", "test_accuracy_mean": 0.75},
    {"variant": "l2", "test_accuracy_mean": None},
]


def epoch(number, loss):
    return Epoch(epoch=number, loss=loss, penalty=0, accuracy=0.5, learning_rate=0.1, seconds=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of MLflow's own server."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--workers", "1"]
    command += ["--port", str(port), "--backend-store-uri", f"sqlite:///{folder}/server.db"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with (folder / "log").open("w") as log:
        how = {"stdout": log, "stderr": log, "cwd": folder, "start_new_session": True}
        process = subprocess.Popen(command, **how)
    address = f"http://127.0.0.1:{port}"
    try:
        while not _answers(address):
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.2)
        yield address
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def _answers(address):
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:  # noqa: S310 - our own
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture(params=["sqlite", "server"])
def store(request, tmp_path, monkeypatch):
    """The name of an experiment in a store, and the plugin as new."""
    monkeypatch.chdir(tmp_path)
    sqlite = request.param == "sqlite"
    address = f"sqlite:///{tmp_path}/m.db" if sqlite else request.getfixturevalue("server")
    monkeypatch.setenv(TRACKER.variable, address)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    TRACKER._service = None
    yield request.node.name
    TRACKER._service = None


def runs_of(experiment):
    """By kind of run."""
    from mlflow import MlflowClient

    client = MlflowClient()
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    return client, {run.data.tags["cnnbench.kind"]: run for run in found}


def artifact(client, run, name, folder):
    path = client.download_artifacts(run.info.run_id, name, str(folder))
    return Path(path).read_text(encoding="utf-8")


def test_a_study_is_a_run_for_each_trial_and_one_for_the_comparison(store, tmp_path, monkeypatch):
    monkeypatch.setattr(TRACKER, "seconds", LONG)
    TRACKER.cnnbench_trial_started(TRIAL)
    for number, loss in ((1, 2.0), (2, 1.25)):
        TRACKER.cnnbench_epoch_ended(TRIAL, epoch(number, loss))
    TRACKER.cnnbench_trial_ended(TRIAL, RECORD)
    ended = RunEnded(TRIAL.recipe, "torch", tmp_path, lambda: ROWS, lambda: "<html>ü</html>")
    TRACKER.cnnbench_run_ended(ended)

    client, runs = runs_of(store)
    run = runs["trial"]
    assert run.info.status == "FINISHED"
    assert run.info.run_name == f"{TRIAL.place} (torch)"
    assert run.data.params["trial"] == TRIAL.id
    epochs = TRIAL.configuration.training.epochs
    assert run.data.params["training.epochs"] == str(epochs)
    assert run.data.metrics["test_accuracy"] == 0.875
    assert run.data.metrics["cost_training"] == 1.5
    curve = client.get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in curve] == [(1, 2.0), (2, 1.25)]
    record = artifact(client, run, "record.json", tmp_path)
    assert Record.model_validate_json(record) == RECORD

    comparison = runs["comparison"]
    assert artifact(client, comparison, "report.html", tmp_path) == "<html>ü</html>"
    text = artifact(client, comparison, "comparison.csv", tmp_path)
    assert text == "variant,test_accuracy_mean\nplain,0.75\nl2,\n"
    table = json.loads(artifact(client, comparison, "comparison.json", tmp_path))
    assert table["columns"] == ["variant", "test_accuracy_mean"]


def test_a_trial_that_failed_is_a_run_that_failed(store):
    failed = RECORD.model_copy(update={"status": Status.FAILED, "reason": "cut", "metrics": {}})
    TRACKER.cnnbench_trial_ended(TRIAL, failed)
    TRACKER.outbox.flush(LONG)
    _, runs = runs_of(store)
    assert runs["trial"].info.status == "FAILED"
    assert runs["trial"].data.tags["cnnbench.reason"] == "cut"


def test_a_server_that_is_down_is_one_sentence(monkeypatch):
    monkeypatch.setenv(TRACKER.variable, "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    TRACKER._service = None
    TRACKER.cnnbench_trial_started(TRIAL)
    with pytest.raises(PluginError, match="MLflow failed: MlflowException"):
        TRACKER.outbox.flush(LONG)
    TRACKER._service = None


def test_without_an_address_nothing_is_sent(monkeypatch):
    monkeypatch.delenv(TRACKER.variable, raising=False)
    monkeypatch.setattr(TRACKER, "outbox", None)
    TRACKER.cnnbench_trial_started(TRIAL)
    TRACKER.cnnbench_epoch_ended(TRIAL, epoch(1, 1.0))
    TRACKER.cnnbench_trial_ended(TRIAL, RECORD)
