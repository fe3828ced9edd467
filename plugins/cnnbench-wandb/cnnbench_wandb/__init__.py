"""Trials and comparisons of cnnbench in Weights & Biases, where WANDB_PROJECT names a project.

This module is imported by every cnnbench command: wandb itself is imported when something is sent.
"""

from __future__ import annotations

from cnnbench.plugin import ServiceTracker, TrackingService


def _connect() -> TrackingService:
    from cnnbench_wandb._sending import Sending

    return Sending()


TRACKER = ServiceTracker(
    "Weights & Biases", "WANDB_PROJECT", _connect, seconds=120, interface="1.2"
)
