"""Grad-CAM: where in an image a network found what speaks for a class (Selvaraju et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.passes.passes import evaluation_pass
from cnnbench.data.passes.prepared import PreparedImages
from cnnbench.data.passes.scaling import InputScaling
from cnnbench.data.spec import AugmentationSpec
from cnnbench.network.cut import split_network, up_to
from cnnbench.network.network import Network
from cnnbench.network.weights import weight_shapes
from cnnbench.plugin.backend import Backend, Engine, Model
from cnnbench.training.images import Pixels
from cnnbench.training.metrics import class_probabilities
from cnnbench.winner.backends import without_training
from cnnbench.winner.explanation.subject import Subject

BATCH = 32
"""Images at a time."""


@dataclass(frozen=True, slots=True)
class HeatMaps:
    """How strongly each place of each image speaks for a class.

    layer: whose maps they are made of. classes: of each image the number of the class, (n,).
    values: (n, rows, columns), 0 where nothing speaks for it; in units of the class's score.
    probabilities: of all classes, (n, classes).
    """

    layer: str
    classes: NDArray[np.int64]
    values: NDArray[np.float32]
    probabilities: NDArray[np.float32]


class Explainer:
    """A trained network, taken apart on a backend; float32, whatever it was trained in."""

    def __init__(self, subject: Subject, backend: Backend, engine: Engine) -> None:
        self._subject = subject
        self._without_training = without_training(backend)
        self._engine = engine

    def heat_maps(self, images: Pixels, layer: str, wanted: int | None = None) -> HeatMaps:
        """Of each image for its most probable class, or for the class of that number.

        images: as `Preprocessing.shape` has them. layer: one of those that `grad_cam_layer` gives.
        """
        return self.heat_of(self.maps(images, layer), layer, wanted)

    def heat_of(
        self, features: NDArray[np.float32], layer: str, wanted: int | None = None
    ) -> HeatMaps:
        """`heat_maps` of images of which is known what the layer makes, as `maps` gives it."""
        _, tail = split_network(self._subject.network, layer)
        classifier = self._built(tail)
        outputs = classifier.predict(evaluation_pass(_as_they_are(features), BATCH))
        probabilities = class_probabilities(outputs)
        classes = probabilities.argmax(axis=1)
        if wanted is not None:
            classes[:] = wanted
        slopes = slopes_of(classes, outputs.shape[1])
        gradients = [
            classifier.gradients(features[start : start + BATCH], slopes[start : start + BATCH])
            for start in range(0, len(features), BATCH)
        ]
        values = grad_cam(features, np.concatenate(gradients))
        return HeatMaps(layer, classes, values, probabilities)

    def maps(self, images: Pixels, layer: str) -> NDArray[np.float32]:
        """What a layer makes of each image, (n, rows, columns, channels)."""
        return self._predict(self._built(up_to(self._subject.network, layer)), images)

    def _predict(self, model: Model, images: Pixels) -> NDArray[np.float32]:
        channels = self._subject.network.input_shape[2]
        prepared = self._subject.preprocessing.prepared(images, channels)
        return model.predict(evaluation_pass(prepared, BATCH))

    def _built(self, network: Network) -> Model:
        """A part of the network; nothing of it will move."""
        names = frozenset(name for name, _ in network.named_layers())
        arrays = {name: self._subject.weights[name] for name in weight_shapes(network)}
        at_rest = replace(self._without_training, frozen=names)
        return self._engine.build(network, arrays, at_rest, 0)


def grad_cam(maps: NDArray[np.float32], gradients: NDArray[np.float32]) -> NDArray[np.float32]:
    """ReLU of the maps' sum, each weighted by the mean of its gradient (equations 1 and 2).

    maps, gradients: (n, rows, columns, channels), the latter of the class's score before softmax.
    """
    weights = gradients.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
    summed: NDArray[np.float64] = (maps * weights).sum(axis=3)
    return np.maximum(summed, 0).astype(np.float32)


def slopes_of(classes: NDArray[np.int64], units: int) -> NDArray[np.float32]:
    """What the derivative of each image's score of its class is made of, (n, units).

    A single unit scores class 1; the score of class 0 is its negative.
    """
    own: NDArray[np.bool_] = classes[:, np.newaxis] == (np.arange(units) if units > 1 else 1)
    return np.where(own, 1, 0 if units > 1 else -1).astype(np.float32)


def _as_they_are(maps: NDArray[np.float32]) -> PreparedImages:
    labels, rows = np.zeros(len(maps), np.int32), np.arange(len(maps))
    return PreparedImages.of_rows(maps, labels, rows, InputScaling(), AugmentationSpec())
