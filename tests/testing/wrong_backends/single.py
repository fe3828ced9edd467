"""Backends that go wrong with a single unit, a batch of one, or what an epoch reports."""

from __future__ import annotations

import numpy as np

from cnnbench.plugin.backend import Capabilities, EpochResult
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyModel
from cnnbench.testing.reference import Reference, Step
from cnnbench.testing.reference.normalization import BatchNormNode
from cnnbench.testing.reference.outputs import Sigmoid, Softmax
from wrong_backends.making import with_model, with_node, with_output, with_reference
from wrong_backends.training import AveragesTheMeansOfBatches


def is_single(reference):
    return isinstance(reference.output, Sigmoid)


class IgnoresTheWeightsOfASingleUnit(Reference):
    def step(self, batch, lr):
        if is_single(self):
            batch = batch._replace(weights=np.ones_like(batch.weights))
        return super().step(batch, lr)


class AveragesTheMeansOfASingleUnit(AveragesTheMeansOfBatches):
    def train_epoch(self, batches, learning_rate):
        if is_single(self.inner):
            return super().train_epoch(batches, learning_rate)
        return NumpyModel.train_epoch(self, batches, learning_rate)


class RaisesOnOneImageOfASingleUnit(Reference):
    def step(self, batch, lr):
        if is_single(self) and len(batch.labels) == 1:
            raise ValueError("iteration over a 0-d array")
        return super().step(batch, lr)


class SqueezesASingleUnit(NumpyModel):
    def predict(self, batches):
        probabilities = super().predict(batches)
        one = is_single(self.inner) and len(probabilities) == 1
        return probabilities[0] if one else probabilities


class AsksTheScoreToBeAboveAHalf(Sigmoid):
    def hits(self, scores, labels):
        return (scores[:, 0] > 0.5) == (labels == 1)


class RaisesOnOneVector(BatchNormNode):
    """As PyTorch does."""

    def forward(self, x, *, training):
        if training and not self.frozen and x.size == x.shape[-1]:
            raise ValueError("expected more than 1 value per channel when training")
        return super().forward(x, training=training)


class TakesMovingStatisticsForOneImage(BatchNormNode):
    def forward(self, x, *, training):
        return super().forward(x, training=training and len(x) > 1)


class CountsCorrectAfterTheUpdate(Reference):
    def step(self, batch, lr):
        step = super().step(batch, lr)
        hits = self.output.hits(self.scores(batch.images), batch.labels)
        return Step(step.loss, step.penalty, int(hits.sum()), step.count)


class CountsCorrectAsInPrediction(Reference):
    def step(self, batch, lr):
        hits = self.output.hits(self.scores(batch.images), batch.labels)
        step = super().step(batch, lr)
        return Step(step.loss, step.penalty, int(hits.sum()), step.count)


class ReportsNothingOfAResidentPass(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        result = super().train_epoch(batches, learning_rate)
        if batches.resident is None:
            return result
        return EpochResult(0.0, result.penalty, 0, result.count)


class DividesAResidentPassByAllImages(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        result = super().train_epoch(batches, learning_rate)
        if batches.resident is None:
            return result
        every = len(batches.resident.images)
        loss = result.loss * result.count / every
        return EpochResult(loss, result.penalty, result.correct, every)


class HidesNanInPredictions(NumpyModel):
    def predict(self, batches):
        return np.nan_to_num(super().predict(batches))


class ReadsColoursInReverse(NumpyModel):
    def predict(self, batches):
        if batches.images.shape[-1] == 3:
            batches = batches.copy()
            batches.images = batches.images[..., ::-1]
        return super().predict(batches)


class WritesIntoBatches(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        for batch in batches:
            batch.images[...] = batch.images * 1
        return super().train_epoch(batches, learning_rate)


DENSE_ONLY = Capabilities(
    layers=frozenset({"dense", "flatten"}),
    activations=frozenset({"linear", "relu"}),
    optimizers=frozenset({"sgd"}),
)


class ReportsNoLoss(Softmax):
    def losses(self, scores, labels):
        return np.zeros(len(labels))


class NoLoss(Reference):
    outputs = {"softmax": ReportsNoLoss, "sigmoid": Sigmoid}  # noqa: RUF012 - as in the reference


class Climbs(Reference):
    def weighted_slopes(self, scores, labels, weights):
        return -super().weighted_slopes(scores, labels, weights)


def _dense_only(caught_by, reference):
    model = type("WrongModel", (NumpyModel,), {"reference": reference})
    return with_model(caught_by, model, reference, DENSE_ONLY)


RIGHT_WITH_DENSE_ONLY = _dense_only("", Reference).backend
assert isinstance(RIGHT_WITH_DENSE_ONLY, NumpyBackend)

BACKENDS = (
    with_reference("sample-weights", IgnoresTheWeightsOfASingleUnit),
    with_model("partial-batch", AveragesTheMeansOfASingleUnit),
    with_reference("batch-of-one", RaisesOnOneImageOfASingleUnit),
    with_model("batch-of-one", SqueezesASingleUnit),
    with_output("sigmoid", "sigmoid", AsksTheScoreToBeAboveAHalf),
    with_node("batch-norm-of-one", "batch_norm", RaisesOnOneVector),
    with_node("batch-norm-of-one", "batch_norm", TakesMovingStatisticsForOneImage),
    with_reference("counts", CountsCorrectAfterTheUpdate),
    with_reference("batch-norm-loss", CountsCorrectAsInPrediction),
    with_model("resident-pass", ReportsNothingOfAResidentPass),
    with_model("resident-pass", DividesAResidentPassByAllImages),
    with_model("nan-loss", HidesNanInPredictions),
    with_model("three-channels", ReadsColoursInReverse),
    with_model("three-channels", WritesIntoBatches),
    *(
        _dense_only(check, reference)
        for reference, checks in (
            (NoLoss, ("softmax-loss", "sample-weights", "partial-batch")),
            (Climbs, ("softmax-loss", "dense", "sgd", "batch-order", "resident-pass", "learning")),
        )
        for check in checks
    ),
)
