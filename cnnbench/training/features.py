"""What the part of a network that is at rest makes of images: computed once, shared by trials."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.batches import Batches
from cnnbench.data.passes.prepared import Features
from cnnbench.errors import DataError
from cnnbench.network.cut import last_cut, split_network
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Engine, Model
from cnnbench.recipe.transfer import Stage
from cnnbench.results.record import Shared
from cnnbench.training.build import weights_for
from cnnbench.training.feature_store import LARGEST, FeatureEntry
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
PLAIN = -1
"""Stands among the copies for images as they are."""


@dataclass(frozen=True, slots=True)
class SharedFeatures:
    """Features of a trial's images.

    rows: (n, height, width, channels), one for each image of the source, read-only, mapped from
    disk; those of other trials' images may be missing. copies: of augmented training images,
    (train, height, width, channels), by the number of the copy; empty without augmentation. tail:
    the part of the network that takes them. shared: what a record says of them.
    """

    rows: Features
    copies: Mapping[int, Features]
    tail: Network
    shared: Shared


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Rows of an entry, and the images that rows are made of."""

    entry: FeatureEntry
    rows: NDArray[np.int64]
    images: Callable[[NDArray[np.int64]], Batches]


def shared_features(  # noqa: PLR0917 - what a stage of a trial is, passed once
    trial: Trial,
    stage: Stage,
    engine: Engine,
    images: TrialImages,
    weights: Weights,
    epochs: Sequence[int],
) -> SharedFeatures | None:
    """The features of all images that the trial uses, computing those that are not there yet.

    None where images pass the whole network in every epoch of the stage: if something about them is
    random, if nothing is at rest, or if the recipe wants the base inside. weights: of the whole
    network, before the stage. epochs: that it may come to, counted from 0. Raises DataError where
    features can't be kept.
    """
    if not trial.configuration.shares_features:
        return None
    layer = last_cut(trial.network, stage.frozen)
    if not layer:
        return None
    front, tail = split_network(trial.network, layer)
    arrays = weights_for(front, weights)
    wanted = _wanted(images, _key(trial, engine, front, arrays), tail.input_shape, epochs)
    _refuse_too_many(wanted)
    model: Model | None = None
    progress = _Progress(sum(len(x.rows) for x in wanted.values()))
    made: dict[int, Features] = {}
    for name, one in wanted.items():
        with one.entry.writing():
            missing = one.entry.missing(one.rows)
            progress.skip(len(one.rows) - len(missing))
            if len(missing):
                still = Optimization(trial.optimization.optimizer, precision=trial.precision)
                model = model or engine.build(front, arrays, still, 0)
                _compute(model, one, missing, progress)
            made[name] = one.entry.read()
    entries = {x.entry.key: x.entry.seconds(len(x.rows)) for x in wanted.values()}
    shared = Shared(
        layer=layer,
        images=sum(len(x.rows) for x in wanted.values()),
        copies=len(made) - 1,
        seconds=sum(entries.values()),
        entries=entries,
    )
    return SharedFeatures(made.pop(PLAIN), made, tail, shared)


def _wanted(
    images: TrialImages, key: str, shape: tuple[int, int, int], epochs: Sequence[int]
) -> dict[int, _Wanted]:
    """By the number of the copy.

    key: of images as they are; those of a copy are decided by how they are augmented, too. shape:
    of the features of one.
    """
    split, augmentation = images.split, images.augmentation
    plain = [split.validation, split.test]
    if not augmentation.active or images.trial.configuration.ensemble.method == "boosting":
        plain.append(split.train)  # which the next network's emphasis is found with, too
    kind = images.trial.configuration.transfer.feature_precision
    wanted = {
        PLAIN: _Wanted(
            FeatureEntry(key, len(images.images), shape, kind),
            np.unique(np.concatenate(plain)),
            partial(images.evaluation, batch_size=BATCH),
        )
    }
    if not augmentation.active:
        return wanted
    settings = augmentation.model_dump(exclude={"copies"}, exclude_defaults=True)
    seed, positions = images.trial.seed_for("augmentation"), np.arange(len(split.train))
    passes = images.training(BATCH)
    for copy in sorted({augmentation.copy_of(epoch) for epoch in epochs}):
        digest = hashlib.sha256(json.dumps([key, settings, seed, copy], sort_keys=True).encode())
        digest.update(np.ascontiguousarray(split.train).data)
        wanted[copy] = _Wanted(
            FeatureEntry(digest.hexdigest()[:24], len(positions), shape, kind),
            positions,
            partial(passes.in_order, epoch=copy),
        )
    return wanted


def _refuse_too_many(wanted: Mapping[int, _Wanted]) -> None:
    """Raise DataError where one copy would have to make room for another."""
    sizes = [one.entry.size for one in wanted.values()]
    copies = len(sizes) - 1
    if copies and sum(sizes) > LARGEST:
        fit = (LARGEST - sizes[0]) // sizes[1]
        rest = f"set it to {fit} or less" if fit > 0 else "leave it out"
        raise DataError(
            f"augmentation.copies is too high: features of {copies} copies would take "
            f"{sum(sizes) / 2**30:.1f} GiB, and no more than {LARGEST / 2**30:.0f} GiB are kept; "
            f"{rest}"
        )


def _key(trial: Trial, engine: Engine, front: Network, arrays: Weights) -> str:
    """A hash of everything that decides the features of an image as it is."""
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
    if spec.transfer.feature_precision != "float32":
        settings.append(spec.transfer.feature_precision)
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, array in arrays.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:24]


def _compute(model: Model, one: _Wanted, missing: NDArray[np.int64], progress: _Progress) -> None:
    for start in range(0, len(missing), CHUNK):
        rows = missing[start : start + CHUNK]
        begun = time.monotonic()
        made = model.predict(one.images(rows))
        seconds = time.monotonic() - begun
        one.entry.write(rows, made, seconds)
        progress.tell(len(rows), seconds)


class _Progress:
    """How far the computing has come. count: of images that there may be to do."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._done = 0
        self._seconds = 0.0
        self._told = False

    def skip(self, count: int) -> None:
        """So many are there already."""
        self._count -= count

    def tell(self, count: int, seconds: float) -> None:
        """So many more are done, which took so long."""
        self._done += count
        self._seconds += seconds
        left = self._seconds / self._done * (self._count - self._done)
        LOGGER.info("features: %d of %d images, %.0f s left", self._done, self._count, left)
        if not self._told and left > LONG:
            self._told = True
            LOGGER.warning(
                "note: the frozen part of the network sees %d images once, which takes %.0f s "
                "more; all trials of the same images share what it makes of them",
                self._count,
                left,
            )
