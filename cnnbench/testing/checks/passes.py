"""Passes over the data: order, resident arrays, and arrays left as they were."""

from __future__ import annotations

import numpy as np

from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.expect import (
    expect,
    expect_close,
    expect_equal,
    expect_moves,
    expect_result,
)
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Pair, Rig
from cnnbench.testing.samples import SMALL, batches
from cnnbench.trials.optimization import Optimization

# Neither in sequence nor its own inverse.
ORDER = np.array([9, 4, 0, 12, 7, 2, 13, 5, 10, 1, 3, 11, 6, 8], np.int64)
REPEATED = np.array([9, 4, 9, 12, 7, 4, 13, 4, 10, 1, 9, 9, 6, 7], np.int64)
"""As in balanced batches: some images come several times in a pass, others not at all."""
PASS = batches(SMALL, 14, batch_size=4, weighted=True).copy(order=ORDER)
RESIDENT = (
    "a resident pass is images[order], labels[order] and weights[order], batch by batch; the order "
    "is new in every epoch, and only the arrays may be kept under the key"
)


def _pair(rig: Rig) -> Pair:
    """Momentum, where it is there, so that the order of the batches shows."""
    momentum = "momentum" in rig.backend.capabilities.optimizers
    return rig.pair(rig.small, Optimization(optimizer="momentum") if momentum else rig.plain)


def _follow(pair: Pair, passes: ArrayBatches, hint: str) -> None:
    """Train and predict the same pass with both."""
    result = pair.model.train_epoch(passes, 0.05)
    expect_result("in an epoch", result, pair.reference.train_epoch(passes, 0.05), hint)
    expect_moves(
        "in an epoch", pair.weights, pair.model.get_weights(), pair.reference.get_weights(), hint
    )
    got, expected = pair.model.predict(passes), pair.reference.predict(passes)
    expect_close("the probabilities", got, expected, hint, tolerance=2e-4, scale=1.0)


def _order(rig: Rig) -> None:
    pair = _pair(rig)
    for passes in (PASS, PASS.copy(order=ORDER[::-1].copy())):
        _follow(
            pair, passes, "take the batches in the order of the pass; the core has shuffled them"
        )


def _prediction(rig: Rig) -> None:
    model, reference, _ = rig.pair(rig.small)
    got = model.predict(PASS)
    expect(
        isinstance(got, np.ndarray), f"predict: expected a NumPy array, got {type(got).__name__}"
    )
    expect_equal("the type of predict's array", str(got.dtype), "float32", "convert on the way out")
    hint = "a row an image, in the order of the pass, the smaller last batch included"
    expect_close("the probabilities", got, reference.predict(PASS), hint, scale=1.0)


def _resident(rig: Rig) -> None:
    pair = _pair(rig)
    for order in (ORDER, ORDER[::-1].copy(), np.roll(ORDER, 5)):
        _follow(pair, PASS.copy(order=order, key="all"), RESIDENT)
    hint = f"{RESIDENT}; an order may name an image several times, and others not at all"
    _follow(pair, PASS.copy(order=REPEATED, key="all"), hint)
    part = PASS.copy(key="all").select(1, 3)
    _follow(pair, part, f"{RESIDENT}; a part of a pass has a shorter order")


def _keys(rig: Rig) -> None:
    pair = _pair(rig)
    other = batches(SMALL, 14, batch_size=4, seed=1)
    hint = "arrays under another key are other arrays, even if their shapes are equal"
    for _ in range(2):
        _follow(pair, PASS.copy(key="one"), hint)
        _follow(pair, other.copy(key="two"), hint)


def _channels(rig: Rig) -> None:
    net = rig.small.model_copy(update={"input_shape": (8, 7, 3)})
    pair = rig.pair(net)
    hint = "channels come in the order of the arrays, and arrays may be read-only"
    for key in (None, "all"):
        _follow(pair, _read_only(batches(net, 14, batch_size=4).copy(key=key)), hint)


def _read_only(passes: ArrayBatches) -> ArrayBatches:
    for array in (passes.images, passes.labels, passes.weights, passes.order):
        array.flags.writeable = False
    return passes


def _untouched(rig: Rig) -> None:
    model = rig.build(rig.small)
    for key in (None, "all"):
        passes = PASS.copy(key=key)
        names = ("images", "labels", "weights", "order")
        before = {name: getattr(passes, name).copy() for name in names}
        model.train_epoch(passes, 0.1)
        model.predict(passes)
        for name, array in before.items():
            expect(
                np.array_equal(getattr(passes, name), array),
                f"training or predicting changed the {name} that it was given; other trials share "
                "them: copy before computing in place",
            )


CHECKS = (
    Check("batch-order", "batches are taken in the order of the pass", _order),
    Check("prediction-order", "predictions come in the order of the pass", _prediction),
    Check("resident-pass", "resident and iterated batches give the same", _resident),
    Check("resident-keys", "resident arrays are told apart by their key", _keys),
    Check("three-channels", "colours are not reordered, and arrays may be read-only", _channels),
    Check("arrays-untouched", "arrays that are given are not written to", _untouched),
)
