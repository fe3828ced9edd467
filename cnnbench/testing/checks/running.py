"""What shows only while a backend runs: compilation, NaN, the device barrier."""

from __future__ import annotations

import time

import numpy as np

from cnnbench.network.layers import BatchNorm, Conv, Dropout, Flatten
from cnnbench.plugin.backend import Model
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.expect import expect, expect_equal, expect_moves, expect_same
from cnnbench.testing.finding import Check, Failed
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import LARGER, batches, network, random_weights
from cnnbench.trials.optimization import Optimization

STATEFUL = network(Conv(filters=3, activation="linear"), BatchNorm(), Dropout(rate=0.5), Flatten())
LAG = 0.01
"""Seconds that a busy machine may put into any call."""


def _compile(rig: Rig) -> None:
    net = rig.reduce(STATEFUL)
    adam = "adam" in rig.backend.capabilities.optimizers
    optimization = Optimization(optimizer="adam") if adam else rig.plain
    passes = batches(net, 12, batch_size=6).copy(key="all")
    plain, compiled = (rig.build(net, optimization=optimization) for _ in range(2))
    compiled.compile(passes)
    start = random_weights(net)
    expect_same(
        "after compile", compiled.get_weights(), start, "a step taken to compile must be undone"
    )
    for _ in range(2):
        plain.train_epoch(passes, 0.01)
        compiled.train_epoch(passes, 0.01)
    expect_moves(
        "in epochs after compile",
        start,
        compiled.get_weights(),
        plain.get_weights(),
        "compile must leave the optimiser's state and the random state of dropout as they were too",
    )


def _nan(rig: Rig) -> None:
    model = rig.build(rig.small)
    passes = batches(rig.small, 18, batch_size=6)
    passes.images[7] = np.nan
    result = model.train_epoch(passes, 0.1)
    expect(
        bool(np.isnan(result.loss)),
        f"the loss of an epoch with a NaN in its second batch: expected nan, got {result.loss}; "
        "report what the arithmetic gives, so that a diverged trial is seen",
    )
    expect_equal("the number of images", result.count, 18, "an epoch with NaN is still whole")
    expect(
        bool(np.isnan(model.predict(passes)).all()),
        "the probabilities after an epoch with a NaN: expected nan in all of them; report what the "
        "arithmetic gives",
    )
    model.get_weights()


def _barrier(rig: Rig) -> None:
    model = rig.build(rig.reduce(LARGER))
    passes = batches(LARGER, 512, batch_size=64)
    # One good try is enough: a busy machine may delay any of them, a barrier that does not wait
    # is late every time.
    waits = []
    for _ in range(5):
        after, idle = _waits(model, passes)
        if after <= 5 * idle + LAG:
            return
        waits.append(after)
    raise Failed(
        f"reading the weights after synchronize took {min(waits):.2f} s, and a second time hardly "
        "anything; synchronize returned while the device was still at work"
    )


def _waits(model: Model, passes: ArrayBatches) -> tuple[float, float]:
    """Seconds to read the weights right after the barrier, and once more."""
    model.train_epoch(passes, 0.001)
    model.synchronize()
    times = []
    for _ in range(2):
        start = time.perf_counter()
        model.get_weights()
        times.append(time.perf_counter() - start)
    return times[0], times[1]


CHECKS = (
    Check("compile", "compiling leaves all state as it was", _compile),
    Check("nan-loss", "a NaN loss is reported as NaN", _nan),
    Check("barrier", "synchronize returns when all work is done", _barrier),
)
