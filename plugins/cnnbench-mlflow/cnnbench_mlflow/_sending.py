"""What MLflow is sent: a run for each trial, and one for each comparison."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Iterable

from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from cnnbench.plugin import (
    Epoch,
    Record,
    RunEnded,
    Status,
    TrackingService,
    Trial,
    flat_results,
    flat_settings,
)

AT_A_TIME = 100
"""Parameters that MLflow takes at once."""
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""For servers that are down, for which MLflow would wait many minutes; yours count before these."""
CURVES = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")


class Sending(TrackingService):
    """Runs by trial, in an experiment of the recipe's name, or of MLFLOW_EXPERIMENT_NAME."""

    def __init__(self) -> None:
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)
        self._client = MlflowClient()
        self._runs: dict[str, str] = {}

    def begin(self, trial: Trial) -> None:
        """A run with the trial's settings as parameters."""
        run = self._run(trial.recipe, f"{trial.place} ({trial.backend})", "trial")
        self._runs[trial.id] = run
        settings = flat_settings(trial).items()
        params = [Param(name, str(value)) for name, value in settings if value is not None]
        for start in range(0, len(params), AT_A_TIME):
            self._client.log_batch(run, params=params[start : start + AT_A_TIME])

    def step(self, trial: Trial, epoch: Epoch) -> None:
        """A point of each curve."""
        values = ((name, getattr(epoch, name)) for name in CURVES)
        self._log(self._runs[trial.id], values, epoch.epoch)

    def end(self, trial: Trial, record: Record) -> None:
        """What came of it; a trial that was never begun could not be."""
        if trial.id not in self._runs:
            self.begin(trial)
        run = self._runs.pop(trial.id)
        self._log(run, flat_results(record).items(), record.epochs or 0)
        self._client.log_text(run, record.model_dump_json(indent=1), "record.json")
        self._client.set_tag(run, "cnnbench.status", record.status.value)
        if record.reason:
            self._client.set_tag(run, "cnnbench.reason", record.reason)
        self._client.set_terminated(run, "FINISHED" if record.status is Status.OK else "FAILED")

    def compare(self, ended: RunEnded) -> None:
        """A run that holds the comparison of all that is recorded, and the report."""
        run = self._run(ended.recipe, f"comparison ({ended.backend})", "comparison")
        if rows := ended.rows():
            columns = {name: [row[name] for row in rows] for name in rows[0]}
            self._client.log_table(run, columns, "comparison.json")
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            self._client.log_text(run, text.getvalue(), "comparison.csv")
        self._client.log_text(run, ended.page(), "report.html")
        self._client.set_terminated(run)

    def _run(self, recipe: str, name: str, kind: str) -> str:
        """The id of a new run."""
        experiment = os.environ.get("MLFLOW_EXPERIMENT_NAME") or recipe
        known = self._client.get_experiment_by_name(experiment)
        key = known.experiment_id if known else self._client.create_experiment(experiment)
        run = self._client.create_run(key, run_name=name, tags={"cnnbench.kind": kind})
        return str(run.info.run_id)

    def _log(self, run: str, values: Iterable[tuple[str, float | None]], step: int) -> None:
        now = int(time.time() * 1000)
        metrics = [Metric(x, float(value), now, step) for x, value in values if value is not None]
        self._client.log_batch(run, metrics=metrics)
