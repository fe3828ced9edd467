"""What trials ask of the machine."""

from __future__ import annotations

from collections.abc import Sequence

from cnnbench.loading.availability import check_availability
from cnnbench.plugin.backend import Backend
from cnnbench.trials.trial import Device, Trial


def takes_gpu(device: Device, backend: Backend) -> bool:
    """Whether trials of this backend compute on a GPU here."""
    return device == "gpu" or (device == "auto" and "gpu" in check_availability(backend).devices)


def is_exclusive(trials: Sequence[Trial]) -> bool:
    """Whether a trial asks for the machine alone; then all of a run have it."""
    return any(trial.configuration.evaluation.exclusive for trial in trials)
