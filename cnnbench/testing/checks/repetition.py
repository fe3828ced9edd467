"""The same again gives the same, and training finds something."""

from __future__ import annotations

import numpy as np

from cnnbench.network.layers import Conv, Dropout, Flatten, Pool
from cnnbench.network.network import Weights
from cnnbench.plugin.backend import EpochResult
from cnnbench.testing.again import RANDOM, train, train_elsewhere
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.expect import expect, expect_moves, expect_same
from cnnbench.testing.finding import Check, Unsupported
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import RATES, batches, network, random_weights
from cnnbench.trials.optimization import Optimization

TWICE = network(Conv(filters=8, padding="same"), Pool(), Dropout(rate=0.3), Flatten())
DIGITS = network(Conv(filters=8), Pool(), Flatten(), shape=(8, 8, 1), classes=10)
FLAT_DIGITS = network(Flatten(), shape=(8, 8, 1), classes=10)
"""For a backend that has no convolution, or no pooling."""


def _optimization(rig: Rig) -> Optimization:
    adam = "adam" in rig.backend.capabilities.optimizers
    return Optimization(optimizer="adam") if adam else rig.plain


def _repetition(rig: Rig) -> None:
    net = rig.reduce(TWICE)
    passes = batches(net, 32, batch_size=16)

    def train() -> tuple[list[EpochResult], Weights]:
        model = rig.build(net, optimization=_optimization(rig), seed=5)
        return [model.train_epoch(passes, 0.01) for _ in range(2)], model.get_weights()

    (results, weights), (again, repeated) = train(), train()
    hint = "nothing but the arguments may decide a result: no global seed, no racing sums"
    if rig.engine.device == "cpu":
        expect_same("when training is repeated", repeated, weights, hint)
        expect(results == again, f"repeated training reported {again} after {results}; {hint}")
    else:
        # Sums on an accelerator may be taken in any order; only rounding may differ.
        expect_moves("when training is repeated", random_weights(net), repeated, weights, hint)


def _processes(rig: Rig) -> None:
    if not rig.target:
        raise Unsupported("another process can't find this backend: it has no name")
    start = random_weights(rig.reduce(RANDOM))
    expect_moves(
        "in another process",
        start,
        train_elsewhere(rig.target, rig.device, rig.threads),
        train(rig),
        "take random numbers from the seed given to build alone: Python's hash() of a text, the "
        "time and the process differ",
    )


def _prediction(rig: Rig) -> None:
    net = rig.small
    model, passes = rig.build(net), batches(net, 14)
    first, second = model.predict(passes), model.predict(passes)
    weights = model.get_weights()
    expect(np.array_equal(first, second), "predicting twice gives different probabilities")
    expect_same("after predicting", weights, random_weights(net), "predict must change nothing")


def _independence(rig: Rig) -> None:
    net = rig.small
    one, two = rig.build(net), rig.build(net, random_weights(net, 1))
    one.train_epoch(batches(net), 0.5)
    expect_same(
        "of a model, after another was trained",
        two.get_weights(),
        random_weights(net, 1),
        "models must not share state: one process trains many, one after the other",
    )


def _digits() -> ArrayBatches:
    """300 scanned digits, a part of the UCI set that scikit-learn ships."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    pixels = (images[:300] / 16).astype(np.float32).reshape(-1, 8, 8, 1)
    return ArrayBatches(pixels, labels[:300].astype(np.int32), batch_size=32)


def _learning(rig: Rig) -> None:
    optimization = _optimization(rig)
    rate = RATES[optimization.optimizer]
    lacking = rig.backend.capabilities.missing(DIGITS, optimization)
    model = rig.build(FLAT_DIGITS if lacking else DIGITS, optimization=optimization)
    passes = _digits()
    first, *_, last = (model.train_epoch(passes, rate) for _ in range(8))
    right = float((model.predict(passes).argmax(axis=1) == passes.labels).mean())
    expect(
        last.loss < first.loss / 2 and right > 0.9,  # noqa: PLR2004 - the reference reaches 0.99
        f"training on 300 scanned digits: expected a loss below half of {first.loss:.3f} and more "
        f"than 90 % of them right after 8 epochs, got {last.loss:.3f} and {right:.0%}; "
        "if the checks of gradients and optimisers pass, look at what changes between epochs",
    )


CHECKS = (
    Check("repetition", "the same training twice gives the same numbers", _repetition),
    Check("other-process", "the same training elsewhere gives the same numbers", _processes),
    Check("prediction-changes-nothing", "predictions repeat and leave no trace", _prediction),
    Check("independent-models", "models of one process share nothing", _independence),
    Check("learning", "a small network learns to read digits", _learning),
)
