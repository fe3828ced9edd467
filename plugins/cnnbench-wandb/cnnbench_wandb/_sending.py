"""What Weights & Biases is sent: a run for each trial, and one for each comparison."""

from __future__ import annotations

from typing import Any

import wandb

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

CURVES = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
PATIENCE = 20.0
"""Seconds that the service may take to answer, in place of wandb's own 90."""


class Sending(TrackingService):
    """Runs by trial, in groups of the recipe's name; project, entity and mode are wandb's own."""

    def __init__(self) -> None:
        self._runs: dict[str, Any] = {}

    def begin(self, trial: Trial) -> None:
        """A run with the trial's settings as its configuration."""
        name = f"{trial.place} ({trial.backend})"
        self._runs[trial.id] = _run(name, trial.recipe, trial.variant, flat_settings(trial))

    def step(self, trial: Trial, epoch: Epoch) -> None:
        """A point of each curve."""
        values = {name: getattr(epoch, name) for name in CURVES}
        known = {name: value for name, value in values.items() if value is not None}
        self._runs[trial.id].log(known, step=epoch.epoch)

    def end(self, trial: Trial, record: Record) -> None:
        """What came of it; a trial that was never begun could not be."""
        if trial.id not in self._runs:
            self.begin(trial)
        run = self._runs.pop(trial.id)
        told = {"status": record.status.value, "reason": record.reason}
        run.summary.update(flat_results(record) | told)
        run.finish(exit_code=int(record.status is not Status.OK))

    def compare(self, ended: RunEnded) -> None:
        """A run that holds the comparison of all that is recorded, and the report."""
        run = _run(f"comparison ({ended.backend})", ended.recipe, "comparison", {})
        if rows := ended.rows():
            data = [list(row.values()) for row in rows]
            run.log({"comparison": wandb.Table(columns=list(rows[0]), data=data)})
        report = wandb.Artifact(f"report-{run.id}", type="report")
        with report.new_file("report.html", encoding="utf-8") as file:
            file.write(ended.page())
        run.log_artifact(report)
        run.finish()


def _run(name: str, group: str, kind: str, config: dict[str, Any]) -> Any:
    """A run beside others of this process, which prints nothing and leaves the console alone."""
    settings = wandb.Settings(silent=True, console="off", init_timeout=PATIENCE)
    return wandb.init(
        name=name,
        group=group,
        job_type=kind,
        config=config,
        reinit="create_new",
        settings=settings,
    )
