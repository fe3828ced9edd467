"""What the frozen part of a network makes of each image: computed once, kept, shared by trials.

An entry is a folder features-KEY: features.npy, float32, a row for each image of the source; marks,
which row is there with which checksum; spent.json, what the rows took. A row counts once its mark
fits it, so a process may be killed at any moment and the next one goes on.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.cache import VARIABLE, cache_folder
from cnnbench.errors import DataError
from cnnbench.network.cut import last_cut, split_network
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Engine, Model
from cnnbench.recipe.transfer import Stage
from cnnbench.results.files import write_atomically
from cnnbench.training.build import weights_for
from cnnbench.training.images import TrialImages
from cnnbench.trials.optimization import Optimization
from cnnbench.trials.trial import Trial

LOGGER = logging.getLogger(__name__)
FORMAT = 1
BATCH = 32
"""Images predicted at a time: the same whatever a recipe trains with, so that all share."""
CHUNK = 4 * BATCH
"""Images after which the disk has what is known so far."""
LONG = 20.0
"""Seconds of computing after which somebody who waits wants to know why."""
LARGEST = 16 * 2**30
"""Bytes of all entries; beyond it the ones not used for longest make room."""
_THERE = np.uint64(1 << 32)
"""Set in the mark of a row that is there, since a checksum may be 0."""


@dataclass(frozen=True, slots=True)
class SharedFeatures:
    """Features of a trial's images.

    rows: float32, (n, height, width, channels), one for each image of the source, read-only, mapped
    from disk; those of other trials' images may be missing. tail: the part of the network that
    takes them. seconds: what those of this trial took, whenever and by whichever trial they were
    computed.
    """

    rows: NDArray[np.float32]
    tail: Network
    seconds: float


def shared_features(
    trial: Trial, stage: Stage, engine: Engine, images: TrialImages, weights: Weights
) -> SharedFeatures | None:
    """The features of all images that the trial uses, computing those that are not there yet.

    None where images pass the whole network in every epoch of the stage: if something about them is
    random, if nothing is at rest, or if the recipe wants the base inside. weights: of the whole
    network, before the stage. Raises DataError where they can't be kept.
    """
    spec = trial.configuration.transfer
    if not spec.active or spec.strategy == "frozen" or trial.configuration.augmentation.active:
        return None
    layer = last_cut(trial.network, stage.frozen)
    if not layer:
        return None
    front, tail = split_network(trial.network, layer)
    arrays = weights_for(front, weights)
    entry = _Entry(
        cache_folder() / f"features-{_key(trial, engine, front, arrays)}",
        (len(images.images), *tail.input_shape),
    )
    needed = np.concatenate([images.split.train, images.split.validation, images.split.test])
    with entry.writing():
        missing = entry.missing(needed)
        if len(missing):
            model = engine.build(front, arrays, Optimization(precision=trial.precision), 0)
            _compute(model, images, entry, missing)
    return SharedFeatures(entry.read(), tail, entry.seconds(len(np.unique(needed))))


def _key(trial: Trial, engine: Engine, front: Network, arrays: Weights) -> str:
    """A hash of everything that decides the features."""
    spec = trial.configuration
    settings = [
        FORMAT,
        trial.data,
        spec.augmentation.crop,
        asdict(trial.arrays.scaling) if trial.arrays else None,
        front.settings(),
        trial.backend,
        dict(engine.versions),
        engine.device,
        trial.precision,
        BATCH,
    ]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, array in arrays.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:24]


def _compute(model: Model, images: TrialImages, entry: _Entry, missing: NDArray[np.int64]) -> None:
    begun, told = time.monotonic(), False
    for start in range(0, len(missing), CHUNK):
        rows = missing[start : start + CHUNK]
        chunk_begun = time.monotonic()
        made = model.predict(images.evaluation(rows, BATCH))
        entry.write(rows, made, time.monotonic() - chunk_begun)
        done, passed = start + len(rows), time.monotonic() - begun
        left = passed / done * (len(missing) - done)
        LOGGER.info("features: %d of %d images, %.0f s left", done, len(missing), left)
        if not told and left > LONG:
            told = True
            LOGGER.warning(
                "note: the frozen part of the network sees %d images once, which takes %.0f s "
                "more; all trials share what it makes of them",
                len(missing),
                left,
            )


class _Entry:
    """A folder of features. shape: of the array, (images, height, width, channels)."""

    def __init__(self, folder: Path, shape: Sequence[int]) -> None:
        self._folder = folder
        self._shape = tuple(shape)
        self._bytes = 4 * int(np.prod(self._shape[1:]))
        self._data = folder / "features.npy"
        self._marks = folder / "marks"
        self._spent = folder / "spent.json"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """With the entry's lock. Raises DataError where the folder can't be written."""
        from filelock import FileLock

        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder.with_suffix(".lock")):
                if not self._is_whole():
                    self._create()
                os.utime(self._folder)
                yield
        except OSError as error:
            raise DataError(
                f"features can't be kept in {cache_folder()}: {error.strerror or error}; make room "
                f"there or make it writable, set the environment variable {VARIABLE} to another "
                'folder, or use transfer.strategy = "frozen", which keeps none'
            ) from error

    def missing(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the rows that are not there or damaged, each once, in order."""
        marks, data = np.fromfile(self._marks, np.uint64), self.read()
        return np.array(
            [row for row in np.unique(rows) if marks[row] != _mark(data[row])], np.int64
        )

    def write(self, rows: NDArray[np.int64], features: NDArray[np.float32], seconds: float) -> None:
        """Keep the features of some rows."""
        assert features.shape[1:] == self._shape[1:], "features of another layer"
        offset = self._data.stat().st_size - self._bytes * self._shape[0]
        with self._data.open("r+b") as data, self._marks.open("r+b") as marks:
            for row, made in zip(rows.tolist(), np.ascontiguousarray(features), strict=True):
                data.seek(offset + row * self._bytes)
                data.write(made.data)
                marks.seek(row * _THERE.nbytes)
                marks.write(_mark(made).tobytes())
        count, spent = self._so_far()
        write_atomically(self._spent, json.dumps([count + len(rows), spent + seconds]).encode())

    def read(self) -> NDArray[np.float32]:
        """All rows, mapped."""
        array: NDArray[np.float32] = np.load(self._data, mmap_mode="r")
        return array

    def seconds(self, count: int) -> float:
        """What so many rows take, by what was spent on those that are there; 0 if that is lost."""
        known, spent = self._so_far()
        return spent / known * count if known else 0.0

    def _so_far(self) -> tuple[int, float]:
        try:
            count, spent = json.loads(self._spent.read_bytes())
            return int(count), float(spent)
        except (OSError, ValueError):
            return 0, 0.0

    def _is_whole(self) -> bool:
        try:
            right = self.read().shape == self._shape
            return right and self._marks.stat().st_size == self._shape[0] * _THERE.nbytes
        except (OSError, ValueError):
            return False

    def _create(self) -> None:
        _make_room(self._folder.parent, self._bytes * self._shape[0])
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        with self._data.open("wb") as file:
            header = {"descr": "<f4", "fortran_order": False, "shape": self._shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(file.tell() + self._bytes * self._shape[0])
        with self._marks.open("wb") as file:
            file.truncate(self._shape[0] * _THERE.nbytes)


def _mark(row: NDArray[np.float32]) -> np.uint64:
    return _THERE | np.uint64(zlib.crc32(np.ascontiguousarray(row).data))


def _make_room(folder: Path, wanted: int) -> None:
    """Remove the entries not used for longest, as far as all would take more than LARGEST."""
    entries = sorted(
        (path for path in folder.glob("features-*") if path.is_dir()),
        key=lambda path: path.stat().st_mtime,
    )
    sizes = [sum(x.stat().st_size for x in path.iterdir()) for path in entries]
    excess = sum(sizes) + wanted - LARGEST
    for path, size in zip(entries, sizes, strict=True):
        if excess <= 0:
            return
        LOGGER.info("removing %s to make room", path)
        shutil.rmtree(path, ignore_errors=True)
        excess -= size
