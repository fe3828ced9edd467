"""Frozen layers, as transfer learning needs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from cnnbench.network.layers import BatchNorm, Conv, Dense, Flatten
from cnnbench.network.network import Network, Weights
from cnnbench.testing.expect import expect_close, expect_moves, expect_result, expect_same
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import RATES, batches, network, random_weights
from cnnbench.trials.optimization import Optimization

DEEP = network(
    Conv(filters=3, stride=(2, 2), activation="linear"),
    Conv(filters=4, kernel=(2, 2), activation="linear"),
    BatchNorm(momentum=0.5),
    Flatten(),
    Dense(units=5, activation="linear"),
    Dense(units=4, activation="linear", l2=0.5),
)
NORMAL = network(
    Conv(filters=3, stride=(2, 2), activation="linear"), BatchNorm(momentum=0.5), Flatten()
)


def _train(
    rig: Rig,
    net: Network,
    layers: frozenset[str],
    hint: str,
    optimizations: Iterable[Optimization],
) -> None:
    """Train three steps with layers frozen: they must stay, the others move."""
    passes = batches(net, 18, batch_size=6)
    for optimization in optimizations:
        # Decay and a penalty, because what skips the gradient moves a layer without one.
        pair = rig.pair(net, replace(optimization, weight_decay=0.5, frozen=layers))
        name, weights = optimization.optimizer, pair.weights
        got = pair.model.train_epoch(passes, RATES[name])
        expected = pair.reference.train_epoch(passes, RATES[name])
        after = pair.model.get_weights()
        what = f"with {', '.join(sorted(layers))} frozen under {name}"
        expect_same(what, _arrays(after, layers), _arrays(weights, layers), hint)
        expect_moves(
            what,
            weights,
            after,
            pair.reference.get_weights(),
            "the layers below a frozen one still get their gradients through it",
        )
        counted = "the penalty that is reported counts all kernels, frozen or not"
        expect_result(what, got, expected, f"{hint}; {counted}")


def _arrays(weights: Weights, layers: frozenset[str]) -> Weights:
    return {name: array for name, array in weights.items() if name.partition("/")[0] in layers}


def _layers(rig: Rig) -> None:
    net = rig.reduce(DEEP)
    there = frozenset(name for name, _ in net.named_layers())
    hint = (
        "neither gradient nor penalty nor weight decay moves an array of a frozen layer, nor do "
        "the moving statistics of a frozen batch normalisation move"
    )
    _train(rig, net, there & {"conv_2", "batch_norm_1", "dense_2"}, hint, rig.optimizations)


def _batch_norm(rig: Rig) -> None:
    hint = (
        "a frozen batch normalisation uses its moving statistics in training too, and leaves all "
        "four arrays alone"
    )
    _train(rig, NORMAL, frozenset({"batch_norm_1"}), hint, [rig.plain])


def _all(rig: Rig) -> None:
    net = rig.small
    frozen = frozenset(name for name, _ in net.named_layers())
    model, reference, weights = rig.pair(net, replace(rig.plain, frozen=frozen))
    passes = batches(net)
    got, expected = model.train_epoch(passes, 0.1), reference.train_epoch(passes, 0.1)
    hint = "an epoch with every layer frozen is an epoch: it moves nothing and reports its loss"
    expect_same("with every layer frozen", model.get_weights(), weights, hint)
    expect_result("with every layer frozen", got, expected, hint)
    other = random_weights(net, 2)
    model.set_weights(other)
    reference.set_weights(other)
    hint = "set_weights replaces every array, frozen or not"
    expect_same("after set_weights", model.get_weights(), other, hint)
    expect_close(
        "the probabilities after set_weights with every layer frozen",
        model.predict(passes),
        reference.predict(passes),
        hint,
        scale=1.0,
    )


CHECKS = (
    Check("frozen-layers", "frozen layers do not move, the others do", _layers),
    Check(
        "frozen-batch-norm",
        "frozen statistics stay, and the layer trains with them",
        _batch_norm,
    ),
    Check("all-frozen", "with every layer frozen an epoch runs, and set_weights works", _all),
)
