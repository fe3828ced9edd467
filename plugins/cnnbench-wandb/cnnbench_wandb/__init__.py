"""Trials and comparisons of cnnbench in Weights & Biases, where WANDB_PROJECT names a project.

This module is imported by every cnnbench command: wandb itself is imported when something is sent.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from cnnbench.plugin import Epoch, Outbox, Record, RunEnded, Trial, hookimpl

if TYPE_CHECKING:
    from cnnbench_wandb._sending import Sending

CNNBENCH_INTERFACE = "1.1"
"""The version of cnnbench's plugin interface that this plugin is written for."""

PROJECT = "WANDB_PROJECT"
"""wandb's own variable; without it nothing is sent, so that having the plugin changes nothing."""
WAIT = 120.0
"""Seconds that the end of a run waits for what is still to be sent."""

OUTBOX = Outbox("Weights & Biases")


@cache
def _service() -> Sending:
    """Wandb imported; called in the outbox's thread alone."""
    from cnnbench_wandb._sending import Sending

    return Sending()


def _asked() -> bool:
    return bool(os.environ.get(PROJECT))


@hookimpl
def cnnbench_trial_started(trial: Trial) -> None:
    """A run begins, with the trial's settings."""
    if _asked():
        OUTBOX.send(lambda: _service().begin(trial))


@hookimpl
def cnnbench_epoch_ended(trial: Trial, epoch: Epoch) -> None:
    """A step of its curves."""
    if _asked():
        OUTBOX.send(lambda: _service().step(trial, epoch))


@hookimpl
def cnnbench_trial_ended(trial: Trial, record: Record) -> None:
    """Its results and costs."""
    if _asked():
        OUTBOX.send(lambda: _service().end(trial, record))


@hookimpl
def cnnbench_run_ended(run: RunEnded) -> None:
    """The comparison as a table, and the report; waits for all that is still to be sent."""
    if _asked():
        OUTBOX.send(lambda: _service().compare(run))
        OUTBOX.flush(WAIT)
