"""Objectives, optimisers and reports that are something else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnbench.plugin.backend import Capabilities, EpochResult
from cnnbench.testing.numpy_backend import NumpyBackend, NumpyModel
from cnnbench.testing.reference import Reference, Step
from cnnbench.testing.reference.optimizers import Adam, AdamW, Momentum, RMSprop
from cnnbench.testing.reference.outputs import Sigmoid, Softmax
from wrong_backends.making import with_model, with_output, with_reference, with_rule


class CountsInBits(Softmax):
    def losses(self, scores, labels):
        return super().losses(scores, labels) / np.log(2)


class SharpensTheGradient(Softmax):
    """As a loss on probabilities that pass through softmax a second time does."""

    def slopes(self, scores, labels):
        return super().slopes(self.probabilities(scores), labels)


class TurnsTheLabelsRound(Sigmoid):
    def losses(self, scores, labels):
        return super().losses(scores, 1 - labels)


class TakesTheLargestOfOneUnit(Sigmoid):
    def hits(self, scores, labels):
        return scores.argmax(axis=1) == labels


class ClipsProbabilities(Softmax):
    """As Keras does with from_logits=False."""

    def losses(self, scores, labels):
        return np.minimum(super().losses(scores, labels), -np.log(1e-7))


class OverflowsInExp(Softmax):
    def probabilities(self, scores):
        with np.errstate(all="ignore"):
            powers = np.exp(scores.astype(np.float16).astype(np.float32) * 10)
            return powers / powers.sum(axis=1, keepdims=True)


class IgnoresSampleWeights(Reference):
    def step(self, batch, lr):
        return super().step(batch._replace(weights=np.ones_like(batch.weights)), lr)


class TakesTheMostProbableClass(Reference):
    """As a backend does that knows no soft labels."""

    def step(self, batch, lr):
        soft = batch.labels.ndim > 1
        labels = batch.labels.argmax(axis=1) if soft else batch.labels
        return super().step(batch._replace(labels=labels), lr)


class TakesTheFirstColumn(Sigmoid):
    def slopes(self, scores, labels):
        return super().slopes(scores, labels[:, ::-1] if labels.ndim > 1 else labels)


class DividesByTheSumOfWeights(Reference):
    def weighted_slopes(self, scores, labels, weights):
        return super().weighted_slopes(scores, labels, weights) * len(labels) / weights.sum()


class DividesAPartialBatchByTheFullSize(Reference):
    full = 0

    def weighted_slopes(self, scores, labels, weights):
        self.full = max(self.full, len(labels))
        return super().weighted_slopes(scores, labels, weights) * len(labels) / self.full


class SqueezesABatchOfOne(Reference):
    def predict(self, images):
        return np.squeeze(super().predict(images))


class ForgetsL2InTheUpdate(Reference):
    def penalty_slope(self, node, part):
        return 0.0 if getattr(node.layer, "l2", 0) else super().penalty_slope(node, part)


class HalvesThePenalty(Reference):
    def penalty(self):
        return super().penalty() / 2


class AveragesThePenaltyOverImages(Reference):
    """Which shows where a batch has fewer than the others, of six."""

    def step(self, batch, lr):
        step = super().step(batch, lr)
        return replace(step, penalty=step.penalty * step.count / 6)


class PenalizesBiases(Reference):
    def penalty_slope(self, node, part):
        if part == "bias":
            return 2 * node.layer.l2 * node.arrays["bias"]
        return super().penalty_slope(node, part)


class ReportsThePenaltyInTheLoss(Reference):
    def step(self, batch, lr):
        step = super().step(batch, lr)
        loss = step.loss + step.penalty * step.count
        return Step(loss, step.penalty, step.correct, step.count)


class ReportsTheLossWithoutDropout(Reference):
    def step(self, batch, lr):
        before = float(self.output.losses(self.scores(batch.images), batch.labels).sum())
        step = super().step(batch, lr)
        return Step(before, step.penalty, step.correct, step.count)


class WeighsTheCorrectOnes(Reference):
    def step(self, batch, lr):
        hits = self.output.hits(self.scores(batch.images), batch.labels)
        step = super().step(batch, lr)
        return Step(step.loss, step.penalty, int((hits * batch.weights).sum()), step.count)


class ReportsFloat32(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        result = super().train_epoch(batches, learning_rate)
        return EpochResult(
            np.float32(result.loss), result.penalty, np.int64(result.correct), result.count
        )


class AveragesTheMeansOfBatches(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        steps = [self.inner.step(batch, learning_rate) for batch in batches]
        return EpochResult(
            loss=float(np.mean([step.loss / step.count for step in steps])),
            penalty=float(np.mean([step.penalty for step in steps])),
            correct=sum(step.correct for step in steps),
            count=sum(step.count for step in steps),
        )


class DropsTheLastBatch(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        whole = batches.size // batches.batch_size
        return super().train_epoch(batches.select(0, max(whole, 1)), learning_rate)


class HidesNan(NumpyModel):
    def train_epoch(self, batches, learning_rate):
        steps = [self.inner.step(batch, learning_rate) for batch in batches]
        count = sum(step.count for step in steps)
        return EpochResult(
            loss=float(np.nansum([step.loss for step in steps])) / count,
            penalty=float(np.mean([step.penalty for step in steps])),
            correct=sum(step.correct for step in steps),
            count=count,
        )


class HasHiddenMomentum(Momentum):
    """In the place of plain descent."""


class IsNesterovs(Momentum):
    def move(self, name, w, g, lr):
        super().move(name, w, g, lr)
        return w + self.optimization.momentum * self.state[name] - lr * g


class KeepsTheVelocityFreeOfTheRate(Momentum):
    """As PyTorch does."""

    def move(self, name, w, g, lr):
        old = self.state.get(name, np.zeros_like(w))
        self.state[name] = self.optimization.momentum * old + g
        return w - lr * self.state[name]


class RemembersForLonger(RMSprop):
    """PyTorch's alpha is 0.99."""

    def follow(self, name, value, decay):
        return super().follow(name, value, 0.99)


class AddsEpsilonOutsideTheRoot(RMSprop):
    """As PyTorch does."""

    def move(self, name, w, g, lr):
        return w - lr * g / (np.sqrt(self.follow(name, g**2, 0.9)) + 1e-7)


class ForgetsBiasCorrection(Adam):
    def correction(self):
        return 1.0


class CountsStepsFromZero(Adam):
    def correction(self):
        return float(np.sqrt(1 - 0.999 ** (self.t + 1)) / (1 - 0.9 ** (self.t + 1)))


class AddsEpsilonInsideTheRoot(Adam):
    def move(self, name, w, g, lr):
        mean = self.follow(f"{name} mean", g, 0.9)
        square = self.follow(f"{name} square", g**2, 0.999)
        return w - lr * self.correction() * mean / np.sqrt(square + 1e-7)


class CorrectsEpsilon(Adam):
    """As PyTorch does: epsilon is added to the corrected root."""

    epsilon = 1e-7

    def move(self, name, w, g, lr):
        mean = self.follow(f"{name} mean", g, 0.9) / (1 - 0.9**self.t)
        square = self.follow(f"{name} square", g**2, 0.999) / (1 - 0.999**self.t)
        return w - lr * mean / (np.sqrt(square) + self.epsilon)


class HasASmallerEpsilon(CorrectsEpsilon, AdamW):
    """PyTorch's default."""

    epsilon = 1e-8


class CouplesWeightDecay(AdamW):
    """As L2 in the gradient, which Adam then rescales."""

    def move(self, name, w, g, lr):
        return Adam.move(self, name, w, g + self.optimization.weight_decay * w, lr)


class SparesBiases(AdamW):
    def move(self, name, w, g, lr):
        if name.endswith("/kernel"):
            return super().move(name, w, g, lr)
        return Adam.move(self, name, w, g, lr)


class MovesFrozenLayers(Reference):
    def trained(self):
        return iter(self.nodes.items())


class DecaysFrozenLayers(Reference):
    def step(self, batch, lr):
        step = super().step(batch, lr)
        for node in self.nodes.values():
            for part in node.trainable if node.frozen else ():
                node.arrays[part] = node.arrays[part] * (1 - lr * 0.5)
        return step


class StopsTheGradientAtFrozenLayers(Reference):
    def below(self, node, slope):
        slopes = super().below(node, slope)
        return [np.zeros_like(x) for x in slopes] if node.frozen else slopes


class UpdatesFrozenStatistics(Reference):
    def step(self, batch, lr):
        nodes = [node for name, node in self.nodes.items() if name.startswith("batch_norm")]
        frozen = [node for node in nodes if node.frozen]
        for node in frozen:
            node.frozen = False
        try:
            self.scores(batch.images, training=True)
        finally:
            for node in frozen:
                node.frozen = True
        return super().step(batch, lr)


class PenalizesOnlyWhatMoves(Reference):
    """As Keras does."""

    def penalty(self):
        nodes = self.nodes
        self.nodes = dict(self.trained())
        try:
            return super().penalty()
        finally:
            self.nodes = nodes


class ClimbsInsteadOfDescending(Reference):
    def weighted_slopes(self, scores, labels, weights):
        return -super().weighted_slopes(scores, labels, weights)


MIXED = Capabilities(precisions=frozenset({"float32", "bfloat16"}))


def bfloat16(array):
    """The nearest bfloat16, toward zero."""
    bits = np.asarray(array, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).astype(np.float64)


class MixedPrecision(Reference):
    """Right: the images are in bfloat16, the weights are not."""

    def scores(self, images, *, training=False):
        return super().scores(bfloat16(images), training=training)


class ForgetsToUndoLossScaling(MixedPrecision):
    def weighted_slopes(self, scores, labels, weights):
        return 8 * super().weighted_slopes(scores, labels, weights)


class DoesNotRound(Reference):
    """Computes in float32 whatever is asked for."""


class RoundsTheWeights(MixedPrecision):
    def step(self, batch, lr):
        step = super().step(batch, lr)
        for node in self.nodes.values():
            node.arrays.update({part: bfloat16(array) for part, array in node.arrays.items()})
        return step


def _with_mixed(caught_by, reference):
    model = type("WrongModel", (NumpyModel,), {"reference": reference})
    return with_model(caught_by, model, reference, MIXED)


RIGHT_WITH_MIXED_PRECISION = _with_mixed("", MixedPrecision).backend
assert isinstance(RIGHT_WITH_MIXED_PRECISION, NumpyBackend)

BACKENDS = (
    with_output("softmax-loss", "softmax", CountsInBits),
    with_output("softmax-loss", "softmax", SharpensTheGradient),
    with_output("sigmoid", "sigmoid", TurnsTheLabelsRound),
    with_output("sigmoid", "sigmoid", TakesTheLargestOfOneUnit),
    with_output("large-scores", "softmax", ClipsProbabilities),
    with_output("large-scores", "softmax", OverflowsInExp),
    with_reference("sample-weights", IgnoresSampleWeights),
    with_reference("sample-weights", DividesByTheSumOfWeights),
    with_reference("soft-labels", TakesTheMostProbableClass),
    with_output("soft-labels", "sigmoid", TakesTheFirstColumn),
    with_reference("partial-batch", DividesAPartialBatchByTheFullSize),
    with_model("partial-batch", AveragesTheMeansOfBatches),
    with_model("partial-batch", DropsTheLastBatch),
    with_model("counts", DropsTheLastBatch),
    with_reference("counts", WeighsTheCorrectOnes),
    with_model("plain-numbers", ReportsFloat32),
    with_reference("batch-of-one", SqueezesABatchOfOne),
    with_reference("penalties", ForgetsL2InTheUpdate),
    with_reference("penalties", HalvesThePenalty),
    with_reference("penalties", AveragesThePenaltyOverImages),
    with_reference("penalties", PenalizesBiases),
    with_reference("penalties", ReportsThePenaltyInTheLoss),
    with_reference("dropout-loss", ReportsTheLossWithoutDropout),
    with_model("nan-loss", HidesNan),
    with_rule("sgd", "sgd", HasHiddenMomentum),
    with_rule("momentum", "momentum", IsNesterovs),
    with_rule("learning-rate-momentum", "momentum", KeepsTheVelocityFreeOfTheRate),
    with_rule("rmsprop", "rmsprop", RemembersForLonger),
    with_rule("rmsprop-epsilon", "rmsprop", AddsEpsilonOutsideTheRoot),
    with_rule("adam", "adam", ForgetsBiasCorrection),
    with_rule("adam", "adam", CountsStepsFromZero),
    with_rule("adam-epsilon", "adam", AddsEpsilonInsideTheRoot),
    with_rule("adam-epsilon", "adam", CorrectsEpsilon),
    with_rule("adamw-epsilon", "adamw", HasASmallerEpsilon),
    with_rule("adamw", "adamw", CouplesWeightDecay),
    with_rule("weight-decay", "adamw", SparesBiases),
    with_reference("frozen-layers", MovesFrozenLayers),
    with_reference("frozen-layers", DecaysFrozenLayers),
    with_reference("frozen-layers", StopsTheGradientAtFrozenLayers),
    with_reference("frozen-layers", PenalizesOnlyWhatMoves),
    with_reference("frozen-batch-norm", UpdatesFrozenStatistics),
    with_reference("learning", ClimbsInsteadOfDescending),
    _with_mixed("bfloat16", DoesNotRound),
    _with_mixed("bfloat16", ForgetsToUndoLossScaling),
    _with_mixed("bfloat16-weights", RoundsTheWeights),
)
