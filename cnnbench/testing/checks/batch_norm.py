"""Batch normalisation in training: the batch's statistics, and the moving ones."""

from __future__ import annotations

from cnnbench.network.layers import Activate, BatchNorm, Conv, Dense, Flatten
from cnnbench.testing.expect import expect_close, expect_moves, expect_result
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Pair, Rig
from cnnbench.testing.samples import batches, network

NET = network(
    Conv(filters=3, activation="linear"),
    BatchNorm(momentum=0.7),
    Flatten(),
    Dense(units=4, activation="linear"),
    BatchNorm(momentum=0.9, epsilon=0.01),
)
# Tanh tells a scale or a shift that is there nevertheless from what the layer above makes of it.
BARE = network(
    Conv(filters=3, activation="linear"),
    BatchNorm(scale=False),
    Activate(function="tanh"),
    Conv(filters=3, kernel=(2, 2), activation="linear"),
    BatchNorm(center=False),
    Activate(function="tanh"),
    Flatten(),
    Dense(units=4, activation="linear"),
    BatchNorm(scale=False, center=False),
)
# The second batch is smaller, and small enough to tell the biased variance from the unbiased one.
PASS = batches(NET, 10, batch_size=6)


def _loss(rig: Rig) -> None:
    model, reference, _ = rig.pair(NET)
    passes = batches(NET, 62, batch_size=6, seed=1)
    expect_result(
        "with batch normalisation",
        model.train_epoch(passes, 0.01),
        reference.train_epoch(passes, 0.01),
        "training normalises with the mean and the biased variance of the batch at hand, over all "
        "axes but the last, and with each layer's own epsilon; loss and correct images come from "
        "that same forward pass",
    )


def _one(rig: Rig) -> None:
    model, reference, weights = rig.pair(NET, rig.descent)
    passes = batches(NET, 7, batch_size=6)
    hint = (
        "a batch of one image has statistics too: of its pixels on maps, and on vectors itself and "
        "a variance of 0"
    )
    got, expected = model.train_epoch(passes, 0.01), reference.train_epoch(passes, 0.01)
    expect_result("with batch normalisation of a batch of one", got, expected, hint)
    start, moved, right = (
        {name: array for name, array in some.items() if name.startswith("batch_norm")}
        for some in (weights, model.get_weights(), reference.get_weights())
    )
    expect_moves("in a batch of one", start, moved, right, hint)


def _moving(rig: Rig) -> None:
    model, reference, weights = rig.pair(NET)
    model.train_epoch(PASS, 1e-6)
    reference.train_epoch(PASS, 1e-6)
    for part, value in (("mean", "mean"), ("variance", "biased variance (divided by n)")):
        start, got, expected = (
            {name: array for name, array in some.items() if name.endswith(part)}
            for some in (weights, model.get_weights(), reference.get_weights())
        )
        expect_moves(
            "in two steps",
            start,
            got,
            expected,
            f"moving = momentum * moving + (1 - momentum) * batch, with the batch's {value}; "
            "some frameworks call 1 - momentum the momentum",
        )


def _bare(rig: Rig) -> None:
    model, reference, weights = rig.pair(BARE, rig.descent)
    passes = batches(BARE, 18, batch_size=6)
    hint = (
        "in training, too, a missing gamma is 1 and a missing beta 0: no step changes them, and "
        "what there is has its own gradient"
    )
    for _ in range(2):
        got, expected = model.train_epoch(passes, 0.1), reference.train_epoch(passes, 0.1)
    expect_result("with batch normalisation that lacks arrays", got, expected, hint)
    expect_moves("in two passes", weights, model.get_weights(), reference.get_weights(), hint)


def _prediction(rig: Rig) -> None:
    pair: Pair = rig.pair(NET, rig.descent)
    for _ in range(3):
        pair.model.train_epoch(PASS, 0.01)
        pair.reference.train_epoch(PASS, 0.01)
    expect_close(
        "the probabilities after training",
        pair.model.predict(PASS),
        pair.reference.predict(PASS),
        "predict with the moving statistics as they are now, and leave them alone",
        tolerance=2e-4,
        scale=1.0,
    )


CHECKS = (
    Check("batch-norm-loss", "training normalises with the batch's statistics", _loss),
    Check("batch-norm-of-one", "a batch of one is normalised as any other", _one),
    Check("batch-norm-moving", "moving statistics follow the batches", _moving),
    Check("batch-norm-bare-training", "what batch normalisation lacks is never trained", _bare),
    Check("batch-norm-after-training", "prediction uses what training has moved", _prediction),
)
