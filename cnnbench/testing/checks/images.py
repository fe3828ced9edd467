"""Gradients of scores by the images, for backends that declare them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.layers import (
    Add,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Pool,
)
from cnnbench.network.network import Network
from cnnbench.testing.expect import expect_close, expect_equal, expect_moves, expect_same
from cnnbench.testing.finding import Check, Unsupported
from cnnbench.testing.rig import Pair, Rig
from cnnbench.testing.samples import batches, network

WHOLE = network(
    Conv(filters=3, padding="same", activation="relu"),
    Pool(size=(3, 2), stride=(2, 2), padding="same"),
    BatchNorm(),
    Conv(filters=4, kernel=(2, 2), activation="elu"),
    Dropout(rate=0.5),
    Flatten(),
    Dense(units=5, activation="tanh"),
)
PATHS = network(
    Conv(name="left", filters=2, kernel=(1, 1), activation="linear"),
    Conv(name="right", filters=2, inputs=("input",), padding="same", activation="relu"),
    Add(inputs=("left", "right", "input")),
    GlobalAveragePool(),
)
SINGLE = network(Conv(filters=3, stride=(2, 2), activation="relu"), Flatten(), sigmoid=True)


def _by_images(rig: Rig) -> None:
    hint = (
        "the derivative of sum(slopes * scores), of the scores before softmax, computed as predict "
        "does: no dropout, moving statistics; (n, height, width, channels)"
    )
    _compare("the gradients by the images", _pair(rig, rig.reduce(WHOLE)), hint)


def _paths(rig: Rig) -> None:
    hint = "what several layers take gets the sum of what they send back, the images too"
    _compare("the gradients down several paths", _pair(rig, PATHS), hint)


def _single(rig: Rig) -> None:
    hint = "slopes of a single unit are (n, 1), and its score is what the sigmoid is taken of"
    _compare("the gradients of a single unit", _pair(rig, rig.reduce(SINGLE)), hint)


def _trace(rig: Rig) -> None:
    pair, net = _pair(rig, rig.reduce(WHOLE))
    images, slopes = _given(net)
    given = images.copy()
    pair.model.gradients(images, slopes)
    hint = "gradients must change nothing that was given, and nothing of the model"
    expect_same("after gradients", pair.model.get_weights(), pair.weights, hint)
    expect_same("given", {"images": images}, {"images": given}, hint)
    passes = batches(net, 12, batch_size=6)
    plain = rig.build(net, pair.weights)
    for model in (pair.model, plain):
        model.train_epoch(passes, 0.05)
    hint = (
        "what gradients left behind went into the next step, or moved the random state of dropout"
    )
    got, expected = pair.model.get_weights(), plain.get_weights()
    expect_moves("in a step after gradients", pair.weights, got, expected, hint)


def _pair(rig: Rig, net: Network) -> tuple[Pair, Network]:
    """Raises Unsupported where the backend declares no gradients, or not these layers."""
    if not rig.backend.capabilities.gradients:
        raise Unsupported("declared as missing: gradients")
    return rig.pair(net), net


def _given(net: Network) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Images, and slopes of both signs that differ from image to image."""
    images = batches(net, 5).images
    units = 1 if net.output == "sigmoid" else net.classes
    slopes = np.random.default_rng(7).standard_normal((5, units)).astype(np.float32)
    return images, slopes


def _compare(what: str, made: tuple[Pair, Network], hint: str) -> None:
    pair, net = made
    images, slopes = _given(net)
    got, expected = (model.gradients(images, slopes) for model in (pair.model, pair.reference))
    expect_equal(f"the shape of {what}", tuple(got.shape), images.shape, hint)
    expect_equal(f"the type of {what}", str(got.dtype), "float32", "convert on the way out")
    expect_close(what, got, expected, hint, tolerance=1e-4)


CHECKS = (
    Check("image-gradients", "scores have gradients by the images, as in prediction", _by_images),
    Check("image-gradients-paths", "those of all ways down to an image are added up", _paths),
    Check("image-gradients-single", "the score of a single unit has gradients, too", _single),
    Check("image-gradients-trace", "gradients by the images leave no trace", _trace),
)
