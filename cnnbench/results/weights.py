"""The arrays of trained networks as files of safetensors, which nothing unpickles."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from cnnbench.errors import ResultsError
from cnnbench.network.network import Weights
from cnnbench.results.files import read_regular
from cnnbench.results.layout import weights_file


def weights_bytes(weights: Weights) -> bytes:
    """Every array by its canonical name, float32, as the content of a file."""
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(x, np.float32) for name, x in weights.items()})


def weights_from(content: bytes) -> Weights:
    """The arrays that `weights_bytes` packed. Raises ValueError for what is no such content."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(content)
    except (SafetensorError, KeyError, TypeError) as error:  # the latter of a foreign type
        raise ValueError(f"no arrays in the format of safetensors ({error})") from error


def weights_digest(study: Path, trial: str) -> str:
    """The SHA-256 of the file of a trial's arrays, "" where there is none that can be read."""
    try:
        return hashlib.sha256(read_regular(weights_file(study, trial))).hexdigest()
    except OSError:
        return ""


def read_weights(study: Path, trial: str) -> Weights:
    """The arrays that a trial was judged with, by their canonical names, float32.

    Raises ResultsError if they were not kept or are damaged.
    """
    path = weights_file(study, trial)
    try:
        return weights_from(read_regular(path))
    except FileNotFoundError:
        raise ResultsError(
            f"the arrays of trial {trial} are not kept: {path} does not exist; "
            "cnnbench run --save-weights keeps them"
        ) from None
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} can't be read as arrays: {error}") from error
