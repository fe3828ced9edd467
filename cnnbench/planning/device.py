"""What trials ask of the machine."""

from __future__ import annotations

from collections.abc import Sequence

from cnnbench.errors import OptionsError, did_you_mean
from cnnbench.loading.availability import check_availability
from cnnbench.plugin.backend import Backend
from cnnbench.trials.trial import Device, Trial

_WORDS: dict[str, Device] = {"auto": "auto", "cpu": "cpu", "gpu": "gpu", "cuda": "gpu"}


def read_device(text: str) -> Device:
    """What a device's name of this or another program stands for: cuda and cuda:0 are gpu.

    Raises OptionsError for others, with what to do where the program can't choose.
    """
    name, _, number = text.strip().lower().partition(":")
    if name in {"cuda", "gpu"} and number.isdecimal() and int(number):
        raise OptionsError(
            f"device {text}: cnnbench takes the first GPU that is visible; for this one set "
            f"CUDA_VISIBLE_DEVICES={int(number)} and give --device gpu"
        )
    if name == "mps":
        raise OptionsError("device mps: no backend computes on Apple's GPUs; give --device cpu")
    if name not in _WORDS or (number and name not in {"cuda", "gpu"}) or (number and number != "0"):
        listed = did_you_mean(name, _WORDS)
        raise OptionsError(f"there is no device {text!r}, expected auto, cpu or gpu{listed}")
    return _WORDS[name]


def takes_gpu(device: Device, backend: Backend) -> bool:
    """Whether trials of this backend compute on a GPU here."""
    return device == "gpu" or (device == "auto" and "gpu" in check_availability(backend).devices)


def is_exclusive(trials: Sequence[Trial]) -> bool:
    """Whether a trial asks for the machine alone; then all of a run have it."""
    return any(trial.configuration.evaluation.exclusive for trial in trials)
