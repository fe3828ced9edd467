"""Backends whose gradients by the images are of something else, or leave something behind."""

from __future__ import annotations

import numpy as np

from cnnbench.testing.numpy_backend import NumpyModel
from cnnbench.testing.reference import Reference
from cnnbench.testing.reference.joining import AddNode
from wrong_backends.making import with_model, with_node, with_reference
from wrong_backends.single import is_single


class TakesProbabilitiesForScores(Reference):
    def image_gradients(self, images, slopes):
        scores = self.scores(images)
        probabilities = self.output.probabilities(scores)
        within = (probabilities * slopes).sum(axis=1, keepdims=True)
        return self.backward(probabilities * (slopes - within))


class UsesTheStatisticsOfTheBatch(Reference):
    def image_gradients(self, images, slopes):
        kept = self.get_weights()
        self.scores(images, training=True)
        self.set_weights(kept)
        return self.backward(slopes)


class ForgetsTheImagesAmongSummands(AddNode):
    def back(self, slope):
        parts = zip(self.layer.inputs, super().back(slope), strict=True)
        return [part * (name != "input") for name, part in parts]


class TurnsChannelsToTheFront(NumpyModel):
    def gradients(self, images, slopes):
        return super().gradients(images, slopes).transpose(0, 3, 1, 2)


class GivesDoubles(NumpyModel):
    def gradients(self, images, slopes):
        return super().gradients(images, slopes).astype(np.float64)


class TurnsASingleUnitRound(Reference):
    def image_gradients(self, images, slopes):
        return super().image_gradients(images, -slopes if is_single(self) else slopes)


class MovesTheStatistics(Reference):
    def image_gradients(self, images, slopes):
        self.scores(images, training=True)
        return super().image_gradients(images, slopes)


class WritesIntoTheImages(NumpyModel):
    def gradients(self, images, slopes):
        images *= 2
        return super().gradients(images / 2, slopes)


class DrawsMasks(Reference):
    def image_gradients(self, images, slopes):
        for node in self.nodes.values():
            if node.layer.type == "dropout":
                node.generator.random()
        return super().image_gradients(images, slopes)


BACKENDS = (
    with_reference("image-gradients", TakesProbabilitiesForScores),
    with_reference("image-gradients", UsesTheStatisticsOfTheBatch),
    with_model("image-gradients", TurnsChannelsToTheFront),
    with_model("image-gradients", GivesDoubles),
    with_node("image-gradients-paths", "add", ForgetsTheImagesAmongSummands),
    with_reference("image-gradients-single", TurnsASingleUnitRound),
    with_reference("image-gradients-trace", MovesTheStatistics),
    with_model("image-gradients-trace", WritesIntoTheImages),
    with_reference("image-gradients-trace", DrawsMasks),
)
