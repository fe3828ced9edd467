"""A trained network as scikit-learn has classifiers: classes of images, and their probabilities."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.passes import evaluation_pass
from cnnbench.data.passes.prepared import PreparedImages
from cnnbench.data.sources.pixels import GREY, RGB, RGBA, conform
from cnnbench.data.spec import AugmentationSpec
from cnnbench.errors import DataError, PluginError
from cnnbench.loading.availability import check_availability
from cnnbench.loading.manager import load_plugins
from cnnbench.loading.plugins import Plugins
from cnnbench.planning.study import available_backend
from cnnbench.plugin.backend import Backend, Model
from cnnbench.processes import usable_cores
from cnnbench.training.images import with_channels
from cnnbench.training.metrics import class_probabilities
from cnnbench.trials.optimization import Optimization
from cnnbench.trials.trial import Device
from cnnbench.winner.files import Decoded, decoded, image_files
from cnnbench.winner.folder import Winner, read_winner

PathText = str | PathLike[str]
Images = NDArray[np.uint8] | PathText | Iterable[PathText]
"""Pixels in 0..255, (n, height, width) or (n, height, width, 1, 3 or 4), or paths of files."""


class Predictor:
    """A winner that `cnnbench pick` saved.

        predictor = cnnbench.Predictor("winner")
        predictor.predict(["cat.jpg", "photos/"])       # names of classes
        predictor.predict_proba(pixels)                 # (n, classes), in the order of classes_

    folder: of the winner. backend: what computes, by default the one that trained it, else any that
    can. The framework is imported with the first prediction. Raises cnnbench.errors.CnnbenchError.

    classes_: the names of the classes, in the order of the probabilities.
    """

    def __init__(
        self,
        folder: PathText,
        *,
        backend: str | None = None,
        device: Device = "auto",
    ) -> None:
        self.winner = read_winner(Path(folder))
        self.backend = choose_backend(self.winner, load_plugins(), backend)
        self.classes_: NDArray[np.str_] = np.array(self.winner.description.classes)
        self._device: Device = device
        self._model: Model | None = None

    @property
    def note(self) -> str:
        """That another backend computes than the one that trained, "" if it is the same."""
        trained = self.winner.description.backend
        same = self.backend.name == trained
        return "" if same else f"{self.backend.name} predicts what {trained} trained"

    def predict(self, images: Images) -> NDArray[np.str_]:
        """The most probable class of each image, its name; shape (n,). Raises as predict_proba."""
        names: NDArray[np.str_] = self.classes_[self.predict_proba(images).argmax(axis=1)]
        return names

    def predict_proba(self, images: Images) -> NDArray[np.float32]:
        """The probability of each class, shape (n, classes), rows in the order of the images.

        images: paths of files, and of folders of them; or an array of pixels in 0..255, which is
        resized and turned to grey or RGB as the network needs it. Raises DataError for files that
        can't be read and for arrays that are none of images.
        """
        if isinstance(images, np.ndarray):
            return self._probabilities(self._conformed(images))
        return np.concatenate([part for _, part in self._of_readable(_paths(images))])

    def predict_files(self, paths: Sequence[Path]) -> Iterator[tuple[Decoded, NDArray[np.float32]]]:
        """The files some at a time, and the probabilities of those that can be read."""
        for part in decoded(paths, self.winner.description.preprocessing):
            yield part, self._probabilities(part.images)

    def _of_readable(self, paths: Sequence[Path]) -> Iterator[tuple[Decoded, NDArray[np.float32]]]:
        for part, probabilities in self.predict_files(image_files(paths)):
            for path, reason in zip(part.paths, part.reasons, strict=True):
                if reason:
                    raise DataError(f"{path} can't be read: {reason}")
            yield part, probabilities

    def _conformed(self, images: NDArray[Any]) -> NDArray[np.uint8]:
        shaped = images[..., np.newaxis] if images.ndim == 3 else images  # noqa: PLR2004 - grey
        if shaped.ndim != 4 or shaped.shape[3] not in {GREY, RGB, RGBA} or 0 in shaped.shape[1:]:  # noqa: PLR2004
            raise DataError(
                f"the images have the shape {images.shape}; expected is (n, height, width) or "
                "(n, height, width, channels) with 1, 3 or 4 channels"
            )
        if images.dtype != np.uint8:
            raise DataError(
                f"the images are {images.dtype}; expected are pixels in 0..255 as uint8, which are "
                "scaled here as in training"
            )
        return conform(shaped, self.winner.description.preprocessing.request)

    def _probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """images: of the size and colour that the network was trained with."""
        description = self.winner.description
        if not len(images):
            return np.empty((0, len(description.classes)), np.float32)
        preprocessing = description.preprocessing
        prepared = PreparedImages.of_rows(
            with_channels(images, description.network.input_shape[2]),
            np.zeros(len(images), np.int32),
            np.arange(len(images)),
            preprocessing.scaling.normalization(),
            AugmentationSpec(crop=preprocessing.crop),
        )
        outputs = self._opened().predict(evaluation_pass(prepared, description.batch_size))
        return class_probabilities(outputs)

    def _opened(self) -> Model:
        """The network on its backend, built once."""
        if self._model is None:
            description, threads = self.winner.description, usable_cores()
            os.environ.update(self.backend.environment(self._device, threads))
            engine = self.backend.open(self._device, threads)
            optimization = Optimization(precision=description.precision)
            self._model = engine.build(description.network, self.winner.weights, optimization, 0)
        return self._model


def choose_backend(winner: Winner, plugins: Plugins, asked: str | None) -> Backend:
    """The backend that is asked for, else the one that trained the network, else any that can.

    Raises PluginError where that one, or none, can run here or compute this network.
    """
    if asked is not None:
        backend = available_backend(plugins, asked)
        if lacking := _lacking(backend, winner):
            raise PluginError(f"backend {asked} lacks {lacking}: choose another --backend")
        return backend
    trained = winner.description.backend
    names = sorted(plugins.backends, key=lambda name: name != trained)
    for backend in (plugins.backends[name] for name in names):
        if check_availability(backend).available and not _lacking(backend, winner):
            return backend
    raise PluginError(
        f"no backend here can compute this network, which {trained} trained; `cnnbench plugins` "
        "lists what was found and what to install"
    )


def _lacking(backend: Backend, winner: Winner) -> str:
    description, able = winner.description, backend.capabilities
    any_optimizer = next(iter(able.optimizers), "")  # none is needed to predict
    return able.missing(
        description.network, Optimization(any_optimizer, precision=description.precision)
    )


def _paths(images: Any) -> list[Path]:
    """Raises DataError for what is neither a path nor several."""
    several = [images] if isinstance(images, str | os.PathLike) else images
    if isinstance(several, Iterable) and not isinstance(several, bytes):
        found = list(several)
        if found and all(isinstance(path, str | os.PathLike) for path in found):
            return [Path(path) for path in found]
    raise DataError(
        "the images are neither an array of pixels nor paths of files: give a NumPy array (n, "
        "height, width, channels) of uint8, or a list of paths"
    )
