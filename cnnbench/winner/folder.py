"""The folder that a winner is kept in: arrays, network, preprocessing, classes, provenance."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cnnbench.disk import sync_folder
from cnnbench.errors import NetworkError, ResultsError
from cnnbench.network.network import Network, Weights
from cnnbench.network.weights import weight_shapes
from cnnbench.recipe.training import Precision
from cnnbench.results.details import Predictions, history_csv, predictions_npz
from cnnbench.results.files import (
    explain,
    make_folder,
    prove_writable,
    read_regular,
    write_atomically,
)
from cnnbench.results.layout import TEMPORARY
from cnnbench.results.record import Epoch
from cnnbench.results.weights import weights_bytes, weights_from
from cnnbench.winner.preprocessing import Preprocessing

FORMAT = 1
"""The version of what a folder holds."""
MODEL, WEIGHTS, PROVENANCE = "model.json", "weights.safetensors", "provenance.json"
HISTORY, PREDICTIONS = "history.csv", "predictions.npz"
PROBE_BYTES = 64 * 1024


class WinnerModel(BaseModel):
    """model.json: all that is needed to predict, but for the arrays.

    classes: in the order of the network's units; with a single sigmoid unit the second is what it
    scores. precision: of its arithmetic. backend: what trained it. batch_size: images that were
    predicted at a time. weights: SHA-256 of the arrays' file.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = FORMAT
    classes: Annotated[tuple[str, ...], Field(min_length=2)]
    network: Network
    preprocessing: Preprocessing
    precision: Precision = "float32"
    backend: str
    batch_size: Annotated[int, Field(ge=1)] = 32
    weights: str

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.network.classes != len(self.classes):
            raise ValueError("not a class for each that the network tells apart")
        if not self.preprocessing.gives(self.network.input_shape):
            raise ValueError("the network takes images of another shape than these become")
        return self


@dataclass(frozen=True, slots=True)
class Winner:
    """A trained network that can be put to use. folder: where it was read from."""

    folder: Path
    description: WinnerModel
    weights: Weights

    @property
    def network(self) -> Network:
        """The graph that the arrays belong to."""
        return self.description.network


class NewFolder:
    """A folder that appears under its name when it is whole; until then it is a hidden one beside.

        with NewFolder(Path("winner"), replace=False) as folder:
            folder.write(files)

    Raises ResultsError where it can't be written, before anything is computed for it, and where
    something else has its name. replace: whether an earlier winner there may go.
    """

    def __init__(self, folder: Path, *, replace: bool) -> None:
        self._folder = folder.absolute()
        self._unfinished = self._folder.with_name(f".{self._folder.name}{TEMPORARY}")
        self._refuse_others(replace=replace)
        try:
            shutil.rmtree(self._unfinished, ignore_errors=True)
            make_folder(self._unfinished)
            prove_writable(self._unfinished, PROBE_BYTES)
        except OSError as error:
            raise self._not_writable(error) from error

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write all files and give the folder its name. Raises ResultsError."""
        try:
            for name, content in files.items():
                path = self._unfinished / name
                make_folder(path.parent)
                write_atomically(path, content)
            if self._folder.exists():
                shutil.rmtree(self._folder)
            self._unfinished.replace(self._folder)
            sync_folder(self._folder.parent)
        except OSError as error:
            raise self._not_writable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self._unfinished, ignore_errors=True)

    def _refuse_others(self, *, replace: bool) -> None:
        folder = self._folder
        if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
            return
        if not (folder / MODEL).is_file():
            raise ResultsError(f"{folder} holds something else: choose another --output")
        if not replace:
            raise ResultsError(
                f"{folder} holds a winner already: choose another --output, or replace it with "
                "--force"
            )

    def _not_writable(self, error: OSError) -> ResultsError:
        return ResultsError(
            f"the winner can't be written to {self._folder}: {explain(error)}; mend that, or "
            "choose another --output"
        )


def network_files(
    description: Mapping[str, Any], weights: Weights, history: Sequence[Epoch] = ()
) -> dict[str, bytes]:
    """The files of one network by name. description: of `WinnerModel`, but for the digest."""
    arrays = weights_bytes(weights)
    whole = WinnerModel(**description, weights=digest_of(arrays))
    return {
        WEIGHTS: arrays,
        MODEL: whole.model_dump_json(indent=1).encode() + b"\n",
        **history_files(history),
    }


def history_files(history: Sequence[Epoch]) -> dict[str, bytes]:
    """The file of a training's epochs, none without them."""
    return {HISTORY: history_csv(history)} if history else {}


def origin_files(provenance: Mapping[str, Any], predictions: Predictions) -> dict[str, bytes]:
    """Where a winner comes from, and what it said of the test images, by name."""
    return {
        PROVENANCE: json.dumps(provenance, indent=1, ensure_ascii=False).encode() + b"\n",
        PREDICTIONS: predictions_npz(predictions),
    }


def read_winner(folder: Path) -> Winner:
    """A winner that `cnnbench pick` saved; nothing in its folder is run or unpickled.

    Raises ResultsError where it is none, or its files don't belong together.
    """
    description = read_model(folder)
    path = folder / WEIGHTS
    content = read_named(path, description.weights)
    try:
        weights = weights_from(content)
        shapes = weight_shapes(description.network)
    except (ValueError, NetworkError) as error:
        raise ResultsError(f"{folder} can't be used: {error}") from error
    found = {name: array.shape for name, array in weights.items()}
    if found != shapes or any(array.dtype != np.float32 for array in weights.values()):
        raise ResultsError(f"the arrays of {path} are not those of the network in {MODEL}")
    return Winner(folder, description, {name: weights[name] for name in shapes})


def read_model(folder: Path) -> WinnerModel:
    """What its model.json says. Raises ResultsError."""
    path = folder / MODEL
    try:
        description = WinnerModel.model_validate_json(read_regular(path))
    except (FileNotFoundError, NotADirectoryError):
        raise ResultsError(
            f"{folder} is no winner's folder, as there is no {path}: make one with cnnbench pick "
            "RESULTS"
        ) from None
    except OSError as error:
        raise ResultsError(f"{path} can't be read: {explain(error)}") from error
    except ValidationError as error:
        raise damaged(path, error) from None
    refuse_newer(path, description.format, FORMAT)
    return description


def read_named(path: Path, digest: str) -> bytes:
    """A file whose SHA-256 a model.json names. Raises ResultsError."""
    content = read_file(path)
    if digest_of(content) != digest:
        raise ResultsError(f"{path} is damaged, or not the file that {MODEL} was saved with")
    return content


def read_file(path: Path) -> bytes:
    """Raises ResultsError where it can't be read."""
    try:
        return read_regular(path)
    except OSError as error:
        raise ResultsError(f"{path} can't be read: {explain(error)}") from error


def digest_of(content: bytes) -> str:
    """The SHA-256 by which a model.json names a file."""
    return hashlib.sha256(content).hexdigest()


def damaged(path: Path, error: ValidationError) -> ResultsError:
    """That a model.json says what it can't."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "it"
    return ResultsError(
        f"{path} is damaged, or of a newer cnnbench: {where} is wrong ({first['msg'][:200]})"
    )


def refuse_newer(path: Path, found: int, known: int) -> None:
    """Raise ResultsError for a format of a later version."""
    if found > known:
        raise ResultsError(f"{path} was written by a newer cnnbench; update cnnbench to read it")
