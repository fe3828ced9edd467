"""Trials and comparisons of cnnbench in MLflow, where MLFLOW_TRACKING_URI names a store.

This module is imported by every cnnbench command: MLflow itself is imported when something is sent.
"""

from __future__ import annotations

from cnnbench.plugin import ServiceTracker, TrackingService


def _connect() -> TrackingService:
    from cnnbench_mlflow._sending import Sending

    return Sending()


TRACKER = ServiceTracker("MLflow", "MLFLOW_TRACKING_URI", _connect, seconds=60, interface="1.2")
