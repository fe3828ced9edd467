"""What was taken home as scikit-learn has classifiers: classes of images, and probabilities."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.passes import evaluation_pass
from cnnbench.data.sources.pixels import GREY, RGB, RGBA, conform
from cnnbench.data.sources.unlabelled import fitting, refuse_no_signals
from cnnbench.errors import DataError, PluginError
from cnnbench.loading.manager import load_plugins
from cnnbench.plugin.backend import Engine, Model
from cnnbench.training.images import Pixels
from cnnbench.training.metrics import class_probabilities
from cnnbench.trials.trial import Device
from cnnbench.winner.backends import (
    choose_backend,
    lacking_to_explain,
    open_engine,
    without_training,
)
from cnnbench.winner.ensemble import Taken, leaves_of, read_taken, refuse_ensemble
from cnnbench.winner.explanation.grad_cam import Explainer, HeatMaps
from cnnbench.winner.explanation.layers import grad_cam_layer
from cnnbench.winner.explanation.subject import Subject
from cnnbench.winner.files import Decoded, decoded, files_of, readable
from cnnbench.winner.folder import Winner
from cnnbench.winner.preprocessing import Preprocessing

PathText = str | PathLike[str]
Images = NDArray[np.generic] | PathText | Iterable[PathText]
"""Pixels in 0..255, (n, height, width) or (n, height, width, 1, 3 or 4), or paths of files.

Of a network of signals numbers, (n, length) or (n, length, channels), or paths of files."""


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
        self.winner = read_taken(Path(folder))
        leaves = leaves_of(self.winner)
        self.backend = choose_backend(
            load_plugins(),
            [leaf.network for leaf in leaves],
            precisions={leaf.description.precision for leaf in leaves},
            trained_by=self.winner.description.backend,
            asked=backend,
        )
        self.classes_: NDArray[np.str_] = np.array(self.winner.description.classes)
        self._device: Device = device
        self._preprocessing = leaves[0].description.preprocessing
        self._models: dict[Path, Model] = {}

    @property
    def noun(self) -> str:
        """What it tells apart: "image" or "signal"."""
        return self._preprocessing.noun

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
        resized and turned to grey or RGB as the network needs it. Of a network of signals files
        of them, a row each, or numbers. Raises DataError for files that can't be read and for
        arrays of another kind.
        """
        if isinstance(images, np.ndarray):
            return self._probabilities(self._conformed(images))
        parts = (self._probabilities(part.images) for part in self._readable(images))
        return np.concatenate(list(parts))

    def explain(
        self, images: Images, *, of: str | None = None, layer: str | None = None
    ) -> HeatMaps:
        """How strongly each place of each image speaks for a class, by Grad-CAM.

        images: as for predict_proba. of: a class, by default the most probable one of each image.
        layer: whose maps are weighed, by default the last one with maps; its rows and columns are
        those of the result. Raises as predict_proba, OptionsError for an unknown class or layer,
        PluginError where the backend has no gradients, ResultsError for an ensemble.
        """
        subject = Subject.of_winner(refuse_ensemble(self.winner, "explained"))
        wanted, place = subject.class_number(of), grad_cam_layer(subject.network, layer)
        if lacking := lacking_to_explain(self.backend):
            raise PluginError(f"backend {self.backend.name} lacks {lacking}: choose another one")
        if isinstance(images, np.ndarray):
            pixels = self._conformed(images)
        else:
            pixels = np.concatenate([part.images for part in self._readable(images)])
        if not len(pixels):
            raise DataError(f"there is no {self._preprocessing.noun} to explain")
        return Explainer(subject, self.backend, self._engine).heat_maps(pixels, place, wanted)

    def predict_files(self, paths: Sequence[Path]) -> Iterator[tuple[Decoded, NDArray[np.float32]]]:
        """The files some at a time, and the probabilities of those that can be read."""
        for part in decoded(paths, self._preprocessing):
            yield part, self._probabilities(part.images)

    def _readable(self, images: Any) -> Iterator[Decoded]:
        return readable(files_of(_paths(images), self._preprocessing), self._preprocessing)

    def files(self, paths: Iterable[Path]) -> list[Path]:
        """The paths, with the files in place of a folder. Raises DataError where there is none."""
        return files_of(paths, self._preprocessing)

    def _conformed(self, images: NDArray[Any]) -> Pixels:
        if self._preprocessing.of_signals:
            return _as_signals(images, self._preprocessing)
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
        return conform(shaped, self._preprocessing.request)

    def _probabilities(self, images: Pixels) -> NDArray[np.float32]:
        """images: of the size and colour that the networks were trained with."""
        if not len(images):
            return np.empty((0, len(self.classes_)), np.float32)
        return self._answers(self.winner, images)

    def _answers(self, taken: Taken, images: Pixels) -> NDArray[np.float32]:
        if not isinstance(taken, Winner):
            answers = [self._answers(network, images) for network in taken.networks]
            return taken.rule.together(answers)
        description = taken.description
        channels = description.network.input_shape[2]
        prepared = description.preprocessing.prepared(images, channels)
        outputs = self._opened(taken).predict(evaluation_pass(prepared, description.batch_size))
        return class_probabilities(outputs)

    def _opened(self, winner: Winner) -> Model:
        """A network on its backend, built once."""
        if winner.folder not in self._models:
            optimization = without_training(self.backend, winner.description.precision)
            self._models[winner.folder] = self._engine.build(
                winner.network, winner.weights, optimization, 0
            )
        return self._models[winner.folder]

    @cached_property
    def _engine(self) -> Engine:
        return open_engine(self.backend, self._device)


def _as_signals(values: NDArray[Any], preprocessing: Preprocessing) -> NDArray[np.float32]:
    length, _, channels = preprocessing.shape
    refuse_no_signals("the signals are", values.shape, values.dtype)
    return fitting(values, length, channels, "the array")[:, :, np.newaxis, :]


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
