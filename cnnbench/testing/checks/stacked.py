"""Replicates trained as one program: each is what a model of its own would be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from cnnbench.network.layers import (
    Add,
    BatchNorm,
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Multiply,
    Pool,
    Rescaling,
    StochasticDepth,
    ZeroPadding,
)
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Model
from cnnbench.plugin.stacked import Passes, StackedModel
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.expect import expect, expect_close, expect_moves, expect_result, expect_same
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import RATES, batches, network, random_weights
from cnnbench.trials.optimization import Optimization

SEEDS = (11, 2**62 + 5, 12)
ALONE = "a replicate is what `build` makes of its weights and seed, trained on its own batches"
CHAIN = network(
    Conv(filters=4, kernel=(2, 2), padding="same", l1=0.01, l2=0.02),
    BatchNorm(),
    Pool(),
    Conv(filters=6, kernel=(2, 2), groups=2, dilation=(2, 1), activation="softmax"),
    Dropout(rate=0.4),
    Flatten(),
    Dense(units=5, activation="softmax"),
    StochasticDepth(rate=0.3),
    sigmoid=True,
)
LEFT = Conv(name="left", filters=3, kernel=(1, 1), activation="linear")
GRAPH = network(
    Rescaling(scale=(0.5, 2.0), offset=(0.1, -0.2)),
    LEFT,
    DepthwiseConv(name="right", inputs=("left",), padding="same", activation="linear"),
    Add(name="sum", inputs=("left", "right")),
    Concatenate(name="both", inputs=("right", "sum")),
    ZeroPadding(),
    Pool(kind="average", size=(2, 2), padding="same"),
    Conv(name="map", filters=4, kernel=(2, 2), activation="linear"),
    GlobalMaxPool(name="largest", inputs=("map",)),
    Multiply(name="scaled", inputs=("map", "largest")),
    GlobalAveragePool(),
)
SMOOTH = network(
    StochasticDepth(rate=0.2), Dropout(rate=0.4), Flatten(), Dense(units=6, activation="linear")
)


class _Beside:
    """A stack, and models alone that are given the same. count: of images, in batches of four."""

    def __init__(
        self, rig: Rig, net: Network, optimization: Optimization | None = None, count: int = 14
    ) -> None:
        self.net = net
        self.count = count
        self.starts = [random_weights(net, number) for number in range(len(SEEDS))]
        how = optimization or rig.plain
        self.soft = how.soft_labels
        self.stack: StackedModel = rig.build_stacked(net, self.starts, how, SEEDS)
        self.alone: list[Model] = [
            rig.build(net, start, how, seed) for start, seed in zip(self.starts, SEEDS, strict=True)
        ]

    def passes(self, which: Iterable[int] = range(len(SEEDS)), key: str = "") -> Passes:
        """Other images for each, in an order of its own."""
        return {number: self._pass(number, key) for number in which}

    def _pass(self, number: int, key: str) -> ArrayBatches:
        given = batches(
            self.net, self.count, batch_size=4, weighted=True, soft=self.soft, seed=number
        )
        order = np.random.default_rng(number).permutation(self.count).astype(np.int64)
        return given.copy(order=order, key=f"{key}{number}" if key else None)

    def train(self, passes: Passes, rate: float) -> None:
        """An epoch of both; compares what they report."""
        results = self.stack.train_epoch(passes, rate)
        _expect_all("train_epoch", results, passes)
        for number, batches_ in passes.items():
            expected = self.alone[number].train_epoch(batches_, rate)
            expect_result(f"of replicate {number}", results[number], expected, ALONE)

    def compare_arrays(self, which: Iterable[int] = range(len(SEEDS))) -> None:
        """The arrays of some."""
        for number in which:
            expect_moves(
                f"of replicate {number}",
                self.starts[number],
                self.stack.get_weights(number),
                self.alone[number].get_weights(),
                ALONE,
            )

    def compare(self, which: Iterable[int] = range(len(SEEDS))) -> None:
        """The arrays and predictions of some."""
        self.compare_arrays(which)
        passes = self.passes(which)
        found = self.stack.predict(passes)
        _expect_all("predict", found, passes)
        for number, batches_ in passes.items():
            where = f"of replicate {number}"
            expected = self.alone[number].predict(batches_)
            expect_close(
                f"the probabilities {where}",
                found[number],
                expected,
                ALONE,
                tolerance=2e-4,
                scale=1,
            )


def _expect_all(what: str, got: Mapping[int, object], passes: Passes) -> None:
    expect(
        isinstance(got, Mapping) and sorted(got) == sorted(passes),
        f"{what}: expected a dict with the numbers {sorted(passes)} of its passes, got "
        f"{sorted(got) if isinstance(got, Mapping) else type(got).__name__}",
    )


def _layers(rig: Rig) -> None:
    # Of the first the last batch is smaller.
    for net, count in ((CHAIN, 14), (GRAPH, 12)):
        beside = _Beside(rig, rig.reduce(net), count=count)
        for rate in (0.05, 0.02):
            beside.train(beside.passes(), rate)
        beside.compare()


def _optimizers(rig: Rig) -> None:
    optimizations = [*rig.optimizations]
    if "global_clipnorm" in rig.backend.capabilities.options:
        optimizations.append(replace(rig.plain, global_clipnorm=0.2))
    for optimization in optimizations:
        beside = _Beside(rig, rig.small, optimization, count=12)
        for factor in (1.0, 0.5):
            beside.train(beside.passes(), factor * RATES[optimization.optimizer])
        beside.compare_arrays()


def _soft(rig: Rig) -> None:
    for net in rig.outputs:
        beside = _Beside(rig, net, replace(rig.plain, soft_labels=True))
        beside.stack.compile(beside.passes())
        for key in ("", "all"):
            beside.train(beside.passes(key=key), 0.05)
        beside.compare()


def _dropout(rig: Rig) -> None:
    """Losses of steps in which units fell: the same ones, so the same draws."""
    beside = _Beside(rig, rig.reduce(SMOOTH))
    for _ in range(2):
        beside.train(beside.passes(), 0.05)
    beside.compare()


def _stopped(rig: Rig) -> None:
    beside = _Beside(rig, rig.small)
    beside.train(beside.passes(), 0.05)
    beside.compare([1])
    for left in ([0, 2], [2]):
        beside.train(beside.passes(left), 0.05)
        beside.compare(left)


def _isolation(rig: Rig) -> None:
    beside = _Beside(rig, rig.small)
    passes = dict(beside.passes())
    broken = passes[1]
    assert isinstance(broken, ArrayBatches)
    broken.images[:] = np.nan
    results = beside.stack.train_epoch(passes, 0.05)
    expect(
        not np.isfinite(results[1].loss),
        f"replicate 1, whose images are no numbers, reports a loss of {results[1].loss}",
    )
    for number in (0, 2):
        beside.alone[number].train_epoch(passes[number], 0.05)
    beside.compare([0, 2])


def _weights(rig: Rig) -> None:
    beside = _Beside(rig, rig.small)
    stack = beside.stack
    other = random_weights(beside.net, 9)
    stack.set_weights(1, other)
    for number, expected in enumerate((beside.starts[0], other, beside.starts[2])):
        _expect_weights(stack.get_weights(number), expected, number)
    given = stack.get_weights(0)
    for array in given.values():
        array.fill(1)
    _expect_weights(stack.get_weights(0), beside.starts[0], 0)


def _expect_weights(got: Weights, expected: Weights, number: int) -> None:
    hint = "set_weights replaces the arrays of one replicate, and get_weights gives copies"
    expect_same(f"of replicate {number}, after those of replicate 1 were set", got, expected, hint)


def _resident(rig: Rig) -> None:
    beside = _Beside(rig, rig.small)
    for _ in range(2):
        beside.train(beside.passes(key="all"), 0.05)
    beside.compare()


def _compiled(rig: Rig) -> None:
    beside = _Beside(rig, rig.reduce(SMOOTH))
    beside.stack.compile(beside.passes())
    beside.train(beside.passes(), 0.05)
    beside.compare()


CHECKS = (
    Check("stacked", "replicates trained as one are what each is alone", _layers),
    Check("stacked-optimizers", "each keeps the state of its optimiser", _optimizers),
    Check("stacked-soft-labels", "labels may be probabilities of the classes", _soft),
    Check("stacked-dropout", "each draws its dropout from its own seed", _dropout),
    Check("stacked-stopped", "the others train on where one has stopped", _stopped),
    Check("stacked-isolation", "numbers that are none stay in their replicate", _isolation),
    Check("stacked-weights", "arrays are set and read of one replicate at a time", _weights),
    Check("stacked-resident", "splits that are kept are told apart by replicate", _resident),
    Check("stacked-compile", "compiling ahead changes nothing", _compiled),
)
