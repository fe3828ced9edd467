"""Mixed precision, for backends that offer it."""

from __future__ import annotations

import numpy as np

from cnnbench.plugin.backend import Optimization
from cnnbench.testing.bench import Bench
from cnnbench.testing.expect import expect_close, expect_moves
from cnnbench.testing.finding import Check
from cnnbench.testing.samples import SMALL, batches

COARSE = 0.05
"""bfloat16 has 8 bits of precision: about 0.4 % a value, several values a result."""


def _values(bench: Bench) -> None:
    model, reference, weights = bench.pair(SMALL, Optimization("sgd", precision="bfloat16"))
    passes = batches(SMALL, 12, batch_size=6)
    got, expected = model.train_epoch(passes, 0.05), reference.train_epoch(passes, 0.05)
    hint = "the loss and the gradient agree with float32 as far as bfloat16 can tell"
    expect_close("the loss in bfloat16", got.loss, expected.loss, hint, tolerance=COARSE)
    moved, right = model.get_weights(), reference.get_weights()
    expect_moves("in bfloat16", weights, moved, right, hint, tolerance=2 * COARSE)


def _weights(bench: Bench) -> None:
    model, reference, weights = bench.pair(SMALL, Optimization("sgd", precision="bfloat16"))
    rate = 1e-4
    for net in (model, reference):
        net.train_epoch(batches(SMALL, 18, batch_size=6), rate)
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
