"""The files beside a record: a trial's history as CSV, predictions as npz, failure as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from cnnbench.errors import ResultsError
from cnnbench.results.failure import shortened
from cnnbench.results.files import read_regular
from cnnbench.results.layout import failure_file, history_file, predictions_file
from cnnbench.results.record import Epoch


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a trial predicted for its test images, or for its validation images.

    probabilities: float32, (n, classes), or (n, 1) of a single sigmoid unit. rows: int64, (n,),
    indices into the source's images. labels: int32, (n,), indices into the recorded classes.
    """

    probabilities: NDArray[np.float32]
    rows: NDArray[np.int64]
    labels: NDArray[np.int32]


ARRAYS = ("probabilities", "rows", "labels")
OF_VALIDATION = "validation_"
"""What the names of the arrays of validation images begin with, in the file of both."""


def history_csv(history: Sequence[Epoch]) -> bytes:
    """One row an epoch; an empty cell where a value was not measured."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(Epoch.model_fields), lineterminator="\n")
    writer.writeheader()
    writer.writerows(epoch.model_dump() for epoch in history)
    return text.getvalue().encode()


def predictions_npz(predictions: Predictions, validation: Predictions | None = None) -> bytes:
    """The three arrays, compressed; those of validation images beside them, if there are any."""
    arrays = {name: getattr(predictions, name) for name in ARRAYS}
    if validation is not None:
        arrays |= {f"{OF_VALIDATION}{name}": getattr(validation, name) for name in ARRAYS}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def read_history(study: Path, trial: str) -> tuple[Epoch, ...]:
    """The epochs of a trial in order. Raises ResultsError if there are none or they are damaged."""
    path = history_file(study, trial)
    try:
        text = read_regular(path).decode()
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        return tuple(
            Epoch.model_validate({key: value or None for key, value in row.items() if key})
            for row in rows
        )
    except FileNotFoundError:
        raise ResultsError(f"trial {trial} has no history: {path} does not exist") from None
    except (OSError, UnicodeDecodeError, csv.Error, ValidationError) as error:
        raise ResultsError(f"{path} can't be read as a history: {_first_line(error)}") from error


def read_predictions(study: Path, trial: str) -> Predictions:
    """The predictions of a trial for its test images; nothing is unpickled.

    Raises ResultsError if there are none or they are damaged.
    """
    found = _read_predictions(study, trial, "")
    assert found is not None, "each such file has them"
    return found


def read_validation(study: Path, trial: str) -> Predictions | None:
    """The predictions of a trial for its validation images, None where none were kept.

    Raises ResultsError as `read_predictions` does.
    """
    return _read_predictions(study, trial, OF_VALIDATION)


def _read_predictions(study: Path, trial: str, prefix: str) -> Predictions | None:
    path = predictions_file(study, trial)
    try:
        with np.load(io.BytesIO(read_regular(path)), allow_pickle=False) as arrays:
            if prefix and f"{prefix}{ARRAYS[0]}" not in arrays:
                return None
            return Predictions(*(arrays[f"{prefix}{name}"] for name in ARRAYS))
    except FileNotFoundError:
        raise ResultsError(f"trial {trial} has no predictions: {path} does not exist") from None
    except Exception as error:  # a damaged archive makes NumPy and zipfile raise whatever there is
        raise ResultsError(f"{path} can't be read as predictions: {_first_line(error)}") from error


def read_failure(study: Path, trial: str) -> str:
    """What is kept of a trial's failure, as text, within the limit of what cnnbench writes.

    Raises ResultsError if nothing is.
    """
    path = failure_file(study, trial)
    try:
        return shortened(read_regular(path).decode(errors="backslashreplace"))
    except FileNotFoundError:
        raise ResultsError(f"trial {trial} has no failure kept: {path} does not exist") from None
    except OSError as error:
        raise ResultsError(f"{path} can't be read: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
