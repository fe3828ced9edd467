"""Mixed precision, for backends that offer it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnbench.testing.expect import expect, expect_close, expect_moves
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import batches

COARSE = 0.05
"""bfloat16 has 8 bits of precision: about 0.4 % a value, several values a result."""
FINE = 1e-4
"""What float32 differs by is less, what bfloat16 does is more."""


def _values(rig: Rig) -> None:
    net = rig.small
    model, reference, weights = rig.pair(net, replace(rig.plain, precision="bfloat16"))
    passes = batches(net, 12, batch_size=6)
    got, expected = model.train_epoch(passes, 0.05), reference.train_epoch(passes, 0.05)
    hint = "the loss and the gradient agree with float32 as far as bfloat16 can tell"
    expect_close("the loss in bfloat16", got.loss, expected.loss, hint, tolerance=COARSE)
    moved, right = model.get_weights(), reference.get_weights()
    expect_moves("in bfloat16", weights, moved, right, hint, tolerance=2 * COARSE)
    distance, length = (
        np.linalg.norm(np.concatenate([(a[n] - b[n]).ravel() for n in right]))
        for a, b in ((moved, right), (right, weights))
    )
    expect(
        bool(distance > FINE * length),
        "training in bfloat16 gives what training in float32 does, to the last digits; compute the "
        "forward and backward pass in bfloat16, or do not declare it",
    )


def _weights(rig: Rig) -> None:
    net = rig.small
    model, reference, weights = rig.pair(net, replace(rig.plain, precision="bfloat16"))
    rate = 1e-4
    for one in (model, reference):
        one.train_epoch(batches(net, 18, batch_size=6), rate)
    got, expected = model.get_weights(), reference.get_weights()
    moves = [
        np.concatenate([(w[n] - weights[n]).ravel() for n in expected]) for w in (got, expected)
    ]
    expect_close(
        "the length of small moves in bfloat16",
        float(np.linalg.norm(moves[0])),
        float(np.linalg.norm(moves[1])),
        "keep the weights and the update in float32; a bfloat16 weight can't move by so little",
        tolerance=2 * COARSE,
    )


CHECKS = (
    Check("bfloat16", "mixed precision agrees with float32 coarsely", _values),
    Check("bfloat16-weights", "mixed precision keeps its weights in float32", _weights),
)
