"""Stochastic depth, read off from one step of descent.

Each image lights a pixel of its own. The rows of the upper kernel at that pixel move if the image
was kept, and stay if it was left out, whatever random numbers the backend draws. The rest of the
step has to be the reference's with the same images left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.layers import AnyLayer, Flatten, StochasticDepth
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Model
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.checks.cases import BELOW
from cnnbench.testing.expect import expect, expect_close, expect_moves, expect_share
from cnnbench.testing.finding import Check
from cnnbench.testing.numpy_backend import NumpyModel
from cnnbench.testing.reference import NODES, Reference
from cnnbench.testing.reference.node import AnyNode, Array
from cnnbench.testing.reference.vectors import StochasticDepthNode
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import network, random_weights

SIDE = 20
IMAGES = SIDE**2
RATE = 0.25
HIGH = 0.6
LEARNING_RATE = float(IMAGES)
"""So that the move of a single image, whose loss counts 1 / IMAGES, is far above rounding."""


class _Step(NamedTuple):
    """left_out: of each image. loss, weights: as the backend has them after the step."""

    left_out: NDArray[np.bool_]
    loss: float
    weights: Weights


def _network(rig: Rig, *layers: AnyLayer) -> Network:
    below = (BELOW,) if BELOW.type in rig.backend.capabilities.layers else ()
    return network(*below, *layers, shape=(SIDE, SIDE, 4), classes=2)


def _start(net: Network) -> Weights:
    """Without biases of a convolution, which would light every pixel."""
    weights = random_weights(net)
    dark = {name: np.zeros_like(x) for name, x in weights.items() if name == "conv_1/bias"}
    return {**weights, **dark}


def _batches() -> ArrayBatches:
    images = np.zeros((IMAGES, IMAGES, 4), np.float32)
    images[np.arange(IMAGES), np.arange(IMAGES)] = 1
    labels = np.arange(IMAGES, dtype=np.int32) % 2
    return ArrayBatches(images.reshape(IMAGES, SIDE, SIDE, 4), labels, batch_size=IMAGES)


def _step(model: Model, start: Weights) -> _Step:
    """A step from the given weights. Raises Failed where parts of an image are left out."""
    model.set_weights(start)
    result = model.train_epoch(_batches(), LEARNING_RATE)
    after = model.get_weights()
    moves = np.abs(after["dense_1/kernel"] - start["dense_1/kernel"])
    moved = (moves > 1e-6 * moves.max()).any(axis=1).reshape(IMAGES, -1)
    broken = int((moved.any(axis=1) != moved.all(axis=1)).sum())
    expect(
        not broken,
        f"the images of which stochastic depth leaves out a part: expected none, got {broken} of "
        f"{IMAGES}; draw once for an image, not for each unit",
    )
    return _Step(~moved.any(axis=1), result.loss, after)


def _depth(rig: Rig) -> None:
    for rate, layers in (
        (RATE, (StochasticDepth(rate=RATE), Flatten())),
        (HIGH, (Flatten(), StochasticDepth(rate=HIGH))),
    ):
        net = _network(rig, *layers)
        start = _start(net)
        step = _step(rig.build(net, start, rig.descent), start)
        _expect_share(step, rate, f"that stochastic depth of rate {rate} leaves out")
        reference = _reference(rig, net, start, step, rate)
        expected = reference.train_epoch(_batches(), LEARNING_RATE)
        hint = (
            "what is kept is multiplied by 1 / (1 - rate) in training, forwards and back, so that "
            "prediction needs no scale"
        )
        expect_close("the loss of a step", step.loss, expected.loss, hint, tolerance=1e-3)
        got, wanted = step.weights, reference.get_weights()
        expect_moves("in a step with stochastic depth", start, got, wanted, hint)


def _reference(rig: Rig, net: Network, start: Weights, step: _Step, rate: float) -> NumpyModel:
    """The reference that leaves out the same images."""

    class Given(StochasticDepthNode):
        def draw(self, shape: tuple[int, ...]) -> Array:
            factors: Array = ~step.left_out / (1 - rate)
            return factors.reshape(len(factors), *[1] * (len(shape) - 1))

    class GivenReference(Reference):
        nodes_of: ClassVar[Mapping[str, type[AnyNode[Any]]]] = {**NODES, "stochastic_depth": Given}

    class GivenModel(NumpyModel):
        reference: ClassVar[type[Reference]] = GivenReference

    return GivenModel(net, start, rig.descent, 1)


def _expect_share(step: _Step, expected: float, what: str) -> None:
    expect_share(
        f"the share of images {what}",
        step.left_out,
        expected,
        "rate is the share to leave out, and every image of a batch has a chance of its own",
    )


def _fresh(rig: Rig) -> None:
    net = _network(rig, StochasticDepth(rate=RATE), Flatten())
    start = _start(net)

    def two_steps(seed: int) -> list[NDArray[np.bool_]]:
        model = rig.build(net, start, rig.descent, seed=seed)
        return [_step(model, start).left_out for _ in range(2)]

    one, same, other = (two_steps(seed) for seed in (3, 3, 2**62 + 5))
    expect(
        not np.array_equal(one[0], one[1]),
        "two steps left out the same images; draw new random numbers for every step",
    )
    expect(
        all(map(np.array_equal, one, same)),
        "two models with the same seed leave out different images; take all random numbers from "
        "the seed given to build",
    )
    expect(
        not np.array_equal(one[0], other[0]),
        "models with different seeds leave out the same images; use the seed given to build",
    )
    twice = _network(rig, StochasticDepth(rate=RATE), StochasticDepth(rate=RATE), Flatten())
    step = _step(rig.build(twice, _start(twice), rig.descent), _start(twice))
    _expect_share(step, 1 - (1 - RATE) ** 2, f"by two layers of rate {RATE}, each by itself")


CHECKS = (
    Check("stochastic-depth", "whole images are left out by the rate, others scaled", _depth),
    Check(
        "stochastic-depth-is-fresh", "every step and every layer draws anew, by the seed", _fresh
    ),
)
