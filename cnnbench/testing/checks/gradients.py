"""Gradients through every layer: one step against the reference."""

from __future__ import annotations

from functools import partial

from cnnbench.network.layers import (
    Activate,
    AnyLayer,
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    GlobalAveragePool,
    Pool,
)
from cnnbench.testing.expect import expect_close, expect_moves
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import batches, network

NETS: dict[str, tuple[str, tuple[AnyLayer, ...]]] = {
    "gradient-max-pool": (
        "through overlapping max pooling and strided, padded convolutions",
        (
            Conv(filters=3, padding="same", activation="relu"),
            Pool(size=(3, 3), stride=(2, 2), padding="same"),
            Conv(filters=3, stride=(2, 2), padding="same", activation="linear"),
            Flatten(),
        ),
    ),
    "gradient-average-pool": (
        "through padded average pooling, global average pooling and activations",
        (
            Conv(filters=3, activation="relu"),
            Pool(kind="average", size=(3, 2), stride=(2, 1), padding="same"),
            Conv(filters=4, kernel=(2, 2), activation="linear"),
            Activate(function="relu"),
            GlobalAveragePool(),
            Dense(units=5, activation="linear"),
        ),
    ),
    "gradient-batch-norm": (
        "through batch normalisation, whose statistics depend on every image",
        (
            Conv(filters=3, activation="linear"),
            BatchNorm(),
            Activate(function="relu"),
            Flatten(),
            Dense(units=4, activation="linear"),
            BatchNorm(epsilon=0.01),
        ),
    ),
}


def _gradient(name: str, rig: Rig) -> None:
    about, layers = NETS[name]
    net = network(*layers)
    # Below batch normalisation a bias has no gradient but rounding, which adam would blow up.
    normal = any(layer.type == "batch_norm" for layer in layers)
    model, reference, weights = rig.pair(net, rig.descent if normal else rig.plain)
    result, right = model.train_epoch(batches(net), 0.1), reference.train_epoch(batches(net), 0.1)
    forwards = "the way forward is wrong already: look at the checks of single layers first"
    expect_close(f"the loss {about}", result.loss, right.loss, forwards, tolerance=1e-4)
    got, expected = model.get_weights(), reference.get_weights()
    hint = (
        "every array above it moved as it should, so the gradient goes wrong in this layer or in "
        "those without arrays just above it"
    )
    expect_moves(f"in a step {about}", weights, got, expected, hint)


CHECKS = tuple(
    Check(name, f"gradients are right {about}", partial(_gradient, name))
    for name, (about, _) in NETS.items()
)
