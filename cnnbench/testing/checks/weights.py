"""Arrays: their names, shapes and layout, and that they are copies."""

from __future__ import annotations

import numpy as np

from cnnbench.network.layers import BatchNorm, Conv, Dense, Flatten
from cnnbench.network.weights import weight_shapes
from cnnbench.testing.expect import expect, expect_close, expect_equal, expect_names, expect_same
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import batches, network, random_weights

NET = network(
    Conv(filters=3, kernel=(2, 3), activation="linear"),
    BatchNorm(),
    Flatten(),
    Dense(units=4, activation="linear"),
    BatchNorm(),
    Dense(units=2, activation="linear"),
)


def _names(rig: Rig) -> None:
    net = rig.reduce(NET)
    got = rig.build(net).get_weights()
    expected = weight_shapes(net)
    expect_names("", got, expected, "see cnnbench.network.network.Weights")
    for name, array in got.items():
        hint = "kernels are (height, width, in, out) and (in, out)"
        expect_equal(f"the shape of {name}", tuple(array.shape), expected[name], hint)
        expect_equal(f"the type of {name}", str(array.dtype), "float32", "convert on the way out")
    parameters = sum(array.size for array in got.values())
    right = sum(int(np.prod(shape)) for shape in expected.values())
    expect_equal("the number of parameters", parameters, right, "moving statistics count too")


def _round_trip(rig: Rig) -> None:
    net = rig.reduce(NET)
    model = rig.build(net, random_weights(net, 1))
    hint = "every array must come back as it was given, moving statistics too"
    expect_same("after build", model.get_weights(), random_weights(net, 1), hint)
    other = random_weights(net, 2)
    model.set_weights(other)
    expect_same("after set_weights", model.get_weights(), other, hint)


def _take_effect(rig: Rig) -> None:
    model, reference, _ = rig.pair(rig.small)
    images = batches(rig.small, 3)
    model.predict(images)
    other = random_weights(rig.small, 2)
    model.set_weights(other)
    reference.set_weights(other)
    expect_close(
        "the probabilities after set_weights",
        model.predict(images),
        reference.predict(images),
        "predict must use the weights that were set last, not a copy made when it was compiled",
        scale=1.0,
    )


def _copies(rig: Rig) -> None:
    net = rig.small
    given = {name: array.copy() for name, array in random_weights(net).items()}
    model = rig.build(net, given)
    _overwrite(given)
    hint = "copy arrays on the way in and out: the caller may change or keep its own"
    expect_same("after the given arrays changed", model.get_weights(), random_weights(net), hint)
    taken = {name: np.asarray(array) for name, array in model.get_weights().items()}
    if all(array.flags.writeable for array in taken.values()):
        _overwrite(taken)
        expect_same(
            "after the returned arrays changed", model.get_weights(), random_weights(net), hint
        )
    kept = model.get_weights()
    before = {name: array.copy() for name, array in kept.items()}
    model.train_epoch(batches(net), 0.5)
    after = model.get_weights()
    expect_same("kept from before training", kept, before, hint)
    moved = any(not np.array_equal(after[name], kept[name]) for name in kept)
    expect(moved, "training moved no weight: train_epoch must take an optimiser step a batch")


def _overwrite(weights: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]) -> None:
    for array in weights.values():
        array[...] = 7


CHECKS = (
    Check("weight-names", "arrays have the network's names, shapes and number", _names),
    Check("weight-round-trip", "weights survive build, set_weights and get_weights", _round_trip),
    Check("weights-take-effect", "predictions follow set_weights", _take_effect),
    Check("weights-are-copies", "arrays given and returned are never shared", _copies),
)
