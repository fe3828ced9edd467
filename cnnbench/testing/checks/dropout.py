"""Dropout, read off from one step of descent.

The network is dropout, flatten, dense. For an image of ones, a step of sgd moves row i of the
kernel by factor_i times the move of the bias: 0 for a unit that was dropped, the scale for one that
stayed. So the factor of every unit is known, whatever random numbers the backend draws.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.layers import Dense, Dropout, Flatten
from cnnbench.plugin.backend import Model
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.expect import expect, expect_close, expect_share
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import network, random_weights

RATE = 0.25
SCALE = 1 / (1 - RATE)
NET = network(Dropout(rate=RATE), Flatten(), shape=(40, 40, 4), classes=2)
START = random_weights(NET)
TWICE = network(Dropout(rate=RATE), *NET.layers[:-1], shape=NET.input_shape, classes=2)
HIGH = 0.7
VECTORS = network(Flatten(), Dropout(rate=HIGH), shape=NET.input_shape, classes=2)


def _factors(model: Model) -> tuple[NDArray[np.float64], float]:
    """What one step multiplied each unit with, (40, 40, 4), and the loss it reported."""
    model.set_weights(START)
    image = np.ones((1, *NET.input_shape), np.float32)
    result = model.train_epoch(ArrayBatches(image, np.zeros(1, np.int32)), 1.0)
    after = model.get_weights()
    moves = {n: after[n].astype(np.float64) - START[n] for n in ("dense_1/kernel", "dense_1/bias")}
    bias = moves["dense_1/bias"]
    _expect_a_step(bias)
    return (moves["dense_1/kernel"] @ bias / (bias @ bias)).reshape(NET.input_shape), result.loss


def _expect_a_step(bias: NDArray[np.float64]) -> None:
    expect(
        bool(np.abs(bias[0]) > 1e-3),  # noqa: PLR2004 - any real step is larger
        "one step did not move the bias of the dense layer; train_epoch must take a step a batch",
    )


def _dropped(factors: NDArray[np.float64], scale: float = SCALE) -> NDArray[np.bool_]:
    return np.abs(factors) < scale / 2


def _rate(rig: Rig) -> None:
    dropped = _dropped(_factors(rig.build(NET, optimization=rig.descent))[0])
    for where, part in (
        ("all units", dropped),
        *((f"channel {c}", dropped[..., c]) for c in range(4)),
        *((f"row {r}", dropped[r]) for r in (0, 39)),
    ):
        expect_share(
            f"the share of units that dropout of rate {RATE} zeroes, in {where}",
            part,
            RATE,
            "rate is the share to drop, not to keep, and every unit falls by its own chance, not a "
            "channel at a time",
        )


def _scaling(rig: Rig) -> None:
    factors, _ = _factors(rig.build(NET, optimization=rig.descent))
    kept = factors[~_dropped(factors)]
    expect(kept.size > 0, "dropout zeroed every unit")
    expect_close(
        "the factor of units that dropout keeps",
        kept,
        np.full_like(kept, SCALE),
        "training scales them by 1 / (1 - rate), so that prediction needs no scale",
        tolerance=1e-3,
    )


def _loss(rig: Rig) -> None:
    factors, loss = _factors(rig.build(NET, optimization=rig.descent))
    exact = np.where(_dropped(factors), 0, SCALE).ravel()
    scores = exact @ START["dense_1/kernel"].astype(np.float64) + START["dense_1/bias"]
    expected = float(np.log(np.exp(scores - scores[0]).sum()))
    expect_close(
        "the loss of a step with dropout",
        loss,
        expected,
        "the reported loss comes from the same forward pass as the gradient, dropout on",
        tolerance=1e-3,
    )


def _gradient(rig: Rig) -> None:
    """Dropout between two dense layers: the lower one's step tells what went back."""
    net = network(
        Flatten(),
        Dense(units=200, activation="linear"),
        Dropout(rate=RATE),
        shape=(1, 1, 1),
        classes=2,
    )
    start = random_weights(net)
    model = rig.build(net, start, rig.descent)
    image = np.ones((1, *net.input_shape), np.float32)
    model.train_epoch(ArrayBatches(image, np.zeros(1, np.int32)), 1.0)
    after = model.get_weights()
    moves = {name: after[name].astype(np.float64) - start[name] for name in start}
    upper = moves["dense_2/bias"]
    _expect_a_step(upper)
    hidden = (start["dense_1/kernel"][0] + start["dense_1/bias"]).astype(np.float64)
    forwards = moves["dense_2/kernel"] @ upper / (upper @ upper) / hidden
    expect_close(
        "what reaches the layer below dropout",
        moves["dense_1/bias"],
        forwards * (start["dense_2/kernel"].astype(np.float64) @ upper),
        "the way back multiplies by the factors of the way forward, drawn once a step",
        tolerance=1e-2,
    )


def _layers(rig: Rig) -> None:
    """Two layers on the same units: the factor that shows is the product of theirs."""
    dropped = _dropped(_factors(rig.build(TWICE, optimization=rig.descent))[0])
    expect_share(
        f"the share of units that two layers of dropout of rate {RATE} zero",
        dropped,
        1 - (1 - RATE) ** 2,
        "draw for every layer, not once a step",
    )


def _vectors(rig: Rig) -> None:
    model = rig.build(VECTORS, optimization=rig.descent)
    expect_share(
        f"the share of a vector's units that dropout of rate {HIGH} zeroes",
        _dropped(_factors(model)[0], 1 / (1 - HIGH)),
        HIGH,
        "any rate from 0 up to 1 counts as it is",
    )
    _expect_independent_images(model, HIGH)


def _fresh(rig: Rig) -> None:
    model = rig.build(NET, optimization=rig.descent)
    first, second = (_dropped(_factors(model)[0]) for _ in range(2))
    hint = "draw new random numbers for every step; set_weights does not rewind them"
    expect(not np.array_equal(first, second), f"two steps dropped the same units; {hint}")
    _expect_independent_images(model, RATE)


def _expect_independent_images(model: Model, rate: float) -> None:
    # Two images that differ by a factor: a row of the kernel then moves by one of four amounts,
    # neither, one, the other or both. Dropping the same units in both leaves only two of them.
    model.set_weights(START)
    images = np.ones((2, *NET.input_shape), np.float32)
    images[1] *= 3
    model.train_epoch(ArrayBatches(images, np.array([0, 0], np.int32)), 1.0)
    rows = model.get_weights()["dense_1/kernel"][:, 0] - START["dense_1/kernel"][:, 0]
    share = float((np.abs(rows) < 1e-3 * np.abs(rows).max()).mean())
    # Of independent draws both drop a unit with probability rate^2, of one shared draw with rate.
    limit = (rate**2 + rate) / 2
    expect(
        share < limit,
        f"the share of units dropped from both images of a batch: expected {rate**2:.3f}, got "
        f"{share:.3f}; draw for every image, not once a batch",
    )


def _seed(rig: Rig) -> None:
    def two_steps(seed: int) -> list[NDArray[np.bool_]]:
        model = rig.build(NET, optimization=rig.descent, seed=seed)
        return [_dropped(_factors(model)[0]) for _ in range(2)]

    one, same, other = (two_steps(seed) for seed in (3, 3, 2**62 + 5))
    expect(
        all(map(np.array_equal, one, same)),
        "two models with the same seed drop different units; take all random numbers from the seed "
        "given to build, not from a global generator",
    )
    expect(
        not np.array_equal(one[0], other[0]),
        "models with different seeds drop the same units; use the seed given to build",
    )


CHECKS = (
    Check("dropout-rate", "dropout zeroes each unit with its rate", _rate),
    Check("dropout-scaling", "dropout scales what it keeps by 1 / (1 - rate)", _scaling),
    Check("dropout-loss", "the reported loss comes from the step's own draw", _loss),
    Check("dropout-gradient", "the way back drops what the way forward dropped", _gradient),
    Check("dropout-is-fresh", "every step and every image draws anew", _fresh),
    Check("dropout-layers", "every layer draws for itself", _layers),
    Check("dropout-on-vectors", "vectors are dropped from as maps are, at a high rate", _vectors),
    Check("dropout-seed", "the seed alone decides what is dropped", _seed),
)
