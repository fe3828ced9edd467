"""What an epoch reports, and the objective whose gradient moves the weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnbench.network.layers import Conv, Dense, Flatten
from cnnbench.network.network import Network
from cnnbench.plugin.backend import EpochResult
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.expect import expect, expect_close, expect_equal, expect_moves
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Pair, Rig
from cnnbench.testing.samples import RATES, batches, network

PENALIZED = network(
    Conv(filters=3, activation="linear", stride=(2, 2), l1=0.03, l2=0.2),
    Flatten(),
    Dense(units=4, activation="linear", l1=0.05, l2=0.1),
)


def _train(
    pair: Pair, passes: ArrayBatches, rate: float, hint: str
) -> tuple[EpochResult, EpochResult]:
    """Train both an epoch and compare the moves; returns what they report."""
    got = pair.model.train_epoch(passes, rate)
    expected = pair.reference.train_epoch(passes, rate)
    expect_moves(
        "in an epoch",
        pair.weights,
        pair.model.get_weights(),
        pair.reference.get_weights(),
        hint,
    )
    return got, expected


def _loss(net: Network, rig: Rig) -> None:
    hint = "cross-entropy in nats, from the scores; the mean over the images of the epoch"
    pair = rig.pair(net)
    got, expected = _train(pair, batches(net, 6), 0.1, hint)
    expect_close("the loss", got.loss, expected.loss, hint)


def _softmax(rig: Rig) -> None:
    _loss(rig.small, rig)


def _sigmoid(rig: Rig) -> None:
    _, net = rig.outputs
    _loss(net, rig)
    model, reference, _ = rig.pair(net)
    images = batches(net, 6)
    expect_close(
        "the probabilities of one sigmoid unit",
        model.predict(images),
        reference.predict(images),
        "shape (n, 1): the probability of class 1",
        scale=1.0,
    )
    _counted(net, rig)


def _extreme(rig: Rig) -> None:
    hint = "compute the loss from the scores (log-sum-exp), not from clipped probabilities"
    for net in rig.outputs:
        model, reference, weights = rig.pair(net)
        large = {name: array * np.float32(30) for name, array in weights.items()}
        model.set_weights(large)
        reference.set_weights(large)
        images = batches(net, 6)
        probabilities = model.predict(images)
        expect(
            bool(np.isfinite(probabilities).all()),
            "with scores near 100 a probability is not finite; "
            "subtract the largest score before exp, and keep exp from overflowing",
        )
        got, expected = model.train_epoch(images, 1e-6), reference.train_epoch(images, 1e-6)
        expect_close(f"the loss of large scores ({net.output})", got.loss, expected.loss, hint)


def _counted(net: Network, rig: Rig) -> None:
    model, reference, _ = rig.pair(net)
    # Steps that are large enough to change what is classified right.
    passes = batches(net, 62, batch_size=6, weighted=True, seed=2)
    got, expected = model.train_epoch(passes, 0.3), reference.train_epoch(passes, 0.3)
    expect_equal("the number of images", got.count, 62, "the last batch counts, every image once")
    expect_equal(
        "the number classified correctly",
        got.correct,
        expected.correct,
        "from the forward pass of each step, before its update, unweighted; a single sigmoid unit "
        "says class 1 above 0.5, and argmax over one unit would always say class 0",
    )


def _counts(rig: Rig) -> None:
    _counted(rig.small, rig)


def _numbers(rig: Rig) -> None:
    result = rig.build(rig.small).train_epoch(batches(rig.small), 0.1)
    for name, kind in (("loss", float), ("penalty", float), ("correct", int), ("count", int)):
        value = getattr(result, name)
        hint = "convert the framework's scalar once an epoch"
        expect(
            isinstance(value, kind),
            f"EpochResult.{name}: expected a Python {kind.__name__}, got {type(value).__name__}; "
            f"{hint}",
        )


def _weighted(rig: Rig) -> None:
    hint = "the objective is sum(weight * loss) / n, where n counts images and not their weights"
    for net in rig.outputs:
        got, expected = _train(rig.pair(net), batches(net, 6, weighted=True), 0.1, hint)
        expect_close(f"the loss with sample weights ({net.output})", got.loss, expected.loss, hint)


def _partial(rig: Rig) -> None:
    hint = "the last batch may be smaller: divide its sum by its own number of images, and the "
    hint += "epoch's sum by the number of all images (not the mean of the batches' means)"
    for net in rig.outputs:
        passes = batches(net, 14, batch_size=6, weighted=True)
        got, expected = _train(rig.pair(net), passes, 0.3, hint)
        what = f"the loss with a partial last batch ({net.output})"
        expect_close(what, got.loss, expected.loss, hint)
        expect_equal("the number of images", got.count, 14, hint)


def _one(rig: Rig) -> None:
    hint = "keep the batch axis of a batch of one (no squeeze)"
    for net in rig.outputs:
        pair = rig.pair(net)
        passes = batches(net, 1)
        expect_close(
            f"the probabilities of a batch of one ({net.output})",
            pair.model.predict(passes),
            pair.reference.predict(passes),
            hint,
            scale=1.0,
        )
        got, expected = _train(pair, passes, 0.1, hint)
        expect_close(f"the loss of a batch of one ({net.output})", got.loss, expected.loss, hint)


def _soft(rig: Rig) -> None:
    hint = "the loss of soft labels t, (n, classes), is -sum t log p over the classes, from the "
    hint += "scores; a sigmoid unit has p of class 1, and 1 - p of class 0"
    optimization = replace(rig.plain, soft_labels=True)
    for net in rig.outputs:
        pair = rig.pair(net, optimization)
        passes = batches(net, 14, batch_size=6, weighted=True, soft=True).copy(key=net.output)
        pair.model.compile(passes)
        got, expected = _train(pair, passes, 0.3, hint)
        expect_close(f"the loss of soft labels ({net.output})", got.loss, expected.loss, hint)
        expect_equal(
            f"the number classified correctly by soft labels ({net.output})",
            got.correct,
            expected.correct,
            "an image is correct where the largest score is that of its most probable class",
        )


def _penalty(rig: Rig) -> None:
    hint = "l1 * sum|w| + l2 * sum w^2 (no half) over kernels, never biases; not divided by n"
    means = f"{hint}; the mean over the steps, each before its update"
    apart = "report the penalty apart from the loss"
    net = rig.reduce(PENALIZED)
    for optimization in rig.optimizations:
        name = optimization.optimizer
        # A smaller last batch shows what is divided by n, once: some compile a step for its size.
        passes = batches(net, 14 if name == rig.plain.optimizer else 12, batch_size=6)
        coupled = f"{hint}; their gradient is a part of g, whatever {name} makes of it"
        got, expected = _train(rig.pair(net, optimization), passes, RATES[name], coupled)
        expect_close("the penalty", got.penalty, expected.penalty, means, tolerance=1e-4)
        expect_close("the loss beside a penalty", got.loss, expected.loss, apart, tolerance=1e-4)


CHECKS = (
    Check("softmax-loss", "categorical cross-entropy and its gradient", _softmax),
    Check("sigmoid", "one sigmoid unit: loss, gradient, probabilities, counts", _sigmoid),
    Check("large-scores", "loss and probabilities stay right for large scores", _extreme),
    Check("counts", "an epoch counts its images and the correct ones", _counts),
    Check("plain-numbers", "an epoch reports Python numbers", _numbers),
    Check("sample-weights", "sample weights scale loss and gradient", _weighted),
    Check("partial-batch", "a smaller last batch counts as what it is", _partial),
    Check("batch-of-one", "a batch of one image predicts and trains", _one),
    Check("soft-labels", "labels may be probabilities of the classes", _soft),
    Check("penalties", "L1 and L2 are in the penalty and in the update", _penalty),
)
