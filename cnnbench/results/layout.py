"""Where things stand in a results folder.

RESULTS/RECIPE/BACKEND/records.jsonl        one record a line
                       plan.json            the study last asked for
                       history/TRIAL.csv    the epochs of a trial
                       predictions/TRIAL.npz    probabilities of its test and validation images
                       weights/TRIAL.safetensors    its arrays, where they were asked for
                       failures/TRIAL.txt   why it failed at length, until it succeeds
                       log/TIME.log         what happened in the last runs
RESULTS/environments/KEY.json               machine and versions, stored once by hash
"""

from __future__ import annotations

import re
from pathlib import Path

from cnnbench.errors import ResultsError

RECORDS = "records.jsonl"
PLAN = "plan.json"
HISTORY = "history"
PREDICTIONS = "predictions"
WEIGHTS = "weights"
FAILURES = "failures"
LOG = "log"
ENVIRONMENTS = "environments"
LOCK = "run.lock"
TEMPORARY = ".tmp"

# What may be part of a file name. Records may come from elsewhere; "../.." must not lead out.
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def study_folder(results: Path, recipe: str, backend: str) -> Path:
    """The folder of one recipe on one backend.

    Raises ResultsError if one of the names is no folder's: results never leave their folder.
    """
    for name, named in ((recipe, "the recipe's file"), (backend, "the backend")):
        if name in {"", ".", ".."} or any(character in name for character in "/\\\0"):
            raise ResultsError(
                f"{name!r} can't be the name of a folder in {results}; give {named} another name"
            )
    return results / recipe / backend


def environments_folder(study: Path) -> Path:
    """Where the environments named by a study's records are stored."""
    return study.parent.parent / ENVIRONMENTS


def history_file(study: Path, trial: str) -> Path:
    """The history of a trial. Raises ResultsError if the id can't be a file name."""
    return study / HISTORY / f"{_safe(trial)}.csv"


def predictions_file(study: Path, trial: str) -> Path:
    """The predictions of a trial. Raises ResultsError if the id can't be a file name."""
    return study / PREDICTIONS / f"{_safe(trial)}.npz"


def weights_file(study: Path, trial: str) -> Path:
    """The arrays of a trial. Raises ResultsError if the id can't be a file name."""
    return study / WEIGHTS / f"{_safe(trial)}.safetensors"


def failure_file(study: Path, trial: str) -> Path:
    """What is kept of a trial's failure. Raises ResultsError if the id can't be a file name."""
    return study / FAILURES / f"{_safe(trial)}.txt"


def environment_file(study: Path, key: str) -> Path:
    """The environment of that key. Raises ResultsError if the key can't be a file name."""
    return environments_folder(study) / f"{_safe(key)}.json"


def _safe(name: str) -> str:
    if not _SAFE.fullmatch(name):
        raise ResultsError(f"{name!r} is not an id that cnnbench gives: letters, digits, - and _")
    return name
