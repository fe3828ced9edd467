"""What a backend keeps of batches, epochs and models that are over."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Sequence

from cnnbench.network.layers import Conv, Dense, Flatten
from cnnbench.testing.expect import expect
from cnnbench.testing.finding import Check
from cnnbench.testing.memory import held_memory
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import LARGER, batches, network, random_weights

WIDE = network(
    Conv(filters=4, stride=(3, 3), activation="linear"),
    Flatten(),
    Dense(units=1024, activation="linear"),
    shape=(12, 12, 2),
)
"""Its arrays, 0.27 MB, show if ten models are kept."""
STRETCHES = 5
"""Into which the epochs or models are divided; what grows must grow in most of them."""
EPOCHS = 50
MODELS = 10
LEAK = 2 * 2**20
"""Bytes that may stay; keeping a batch of every epoch takes 3.7 MB, noise a tenth of this."""
LEAK_OF_MODELS = 2**20
"""Bytes that may stay of ten models; noise is below a quarter of this."""


def _epochs(rig: Rig) -> None:
    net = rig.reduce(LARGER)
    model = rig.build(net)
    passes = batches(net, 512, batch_size=64)
    for key in (None, "all"):
        model.train_epoch(passes.copy(key=key), 0.001)

    def epoch(number: int) -> None:
        key = "all" if number % 2 else None
        model.train_epoch(passes.copy(key=key), 0.001)
        model.predict(passes.copy(key=key))
        model.set_weights(model.get_weights())

    growth = _growth(rig, epoch, EPOCHS)
    expect(
        growth < LEAK,
        f"memory grew by {growth / 2**20:.0f} MB over {EPOCHS} epochs of the same 0.6 MB of "
        "images, with the weights read and set after each; something is kept for every batch or "
        "epoch: results on the device, graphs, compiled functions, arrays of weights",
    )


def _models(rig: Rig) -> None:
    net = rig.reduce(WIDE)
    passes, weights = batches(net, 8), random_weights(net)

    def live(seed: int) -> None:
        model = rig.build(net, weights, seed=seed)
        model.train_epoch(passes, 0.001)
        model.predict(passes)

    growth = _growth(rig, live, MODELS)
    expect(
        growth < LEAK_OF_MODELS,
        f"memory grew by {growth / 2**20:.0f} MB over {MODELS} models, each of which was dropped "
        "after an epoch; something keeps every model: a cache of compiled functions or graphs, a "
        "list of the framework's",
    )


def _growth(rig: Rig, work: Callable[[int], None], total: int) -> float:
    """Bytes by which memory grows in `total` pieces of work: the process's or the device's.

    The first stretch fills caches. Of the others the median counts: a cache that grows once, or
    garbage of somebody else's that is freed meanwhile, moves one or two.
    """
    marks = []
    for _ in range(STRETCHES + 1):
        for number in range(total // STRETCHES):
            work(number)
        held = held_memory()
        marks.append((held.resident, held.allocated, rig.engine.device_memory() or 0))
    return max(map(_median_growth, zip(*marks, strict=True)))


def _median_growth(marks: Sequence[int]) -> float:
    """Over all stretches, if each grew as the median one did."""
    return STRETCHES * statistics.median(b - a for a, b in itertools.pairwise(marks))


CHECKS = (
    Check("memory", f"memory does not grow over {EPOCHS} epochs", _epochs),
    Check("memory-of-models", f"memory does not grow over {MODELS} models", _models),
)
