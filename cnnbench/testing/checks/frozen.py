"""Frozen layers, as transfer learning needs them."""

from __future__ import annotations

from cnnbench.network.layers import BatchNorm, Conv, Dense, Flatten
from cnnbench.network.network import Network, Weights
from cnnbench.plugin.backend import Optimization
from cnnbench.testing.bench import Bench
from cnnbench.testing.expect import expect_close, expect_moves, expect_same
from cnnbench.testing.finding import Check
from cnnbench.testing.samples import batches, network

MIDDLE = network(
    Conv(filters=3, stride=(2, 2), activation="linear"),
    Flatten(),
    Dense(units=4, activation="linear", l2=0.5),
)
NORMAL = network(
    Conv(filters=3, stride=(2, 2), activation="linear"), BatchNorm(momentum=0.5), Flatten()
)


def _arrays(weights: Weights, layer: str) -> Weights:
    return {name: array for name, array in weights.items() if name.startswith(f"{layer}/")}


def _train(bench: Bench, net: Network, layer: str, hint: str) -> None:
    """Train three steps with one layer frozen: it must stay, the others move."""
    # adamw and a penalty, because decay that skips the gradient moves a layer without one.
    optimization = Optimization(optimizer="adamw", weight_decay=0.5, frozen=frozenset({layer}))
    if "adamw" not in bench.backend.capabilities.optimizers:
        optimization = Optimization(optimizer="sgd", frozen=frozenset({layer}))
    model, reference, weights = bench.pair(net, optimization)
    passes = batches(net, 18, batch_size=6)
    got, expected = model.train_epoch(passes, 0.01), reference.train_epoch(passes, 0.01)
    after = model.get_weights()
    expect_same("in a frozen layer", _arrays(after, layer), _arrays(weights, layer), hint)
    expect_moves(
        f"with {layer} frozen",
        weights,
        after,
        reference.get_weights(),
        "the layers below a frozen one still get their gradients through it",
    )
    expect_close(f"the loss with {layer} frozen", got.loss, expected.loss, hint, tolerance=1e-4)
    expect_close(
        f"the penalty with {layer} frozen",
        got.penalty,
        expected.penalty,
        "the penalty that is reported counts all kernels, frozen or not",
        tolerance=1e-4,
    )


def _layers(bench: Bench) -> None:
    hint = "neither gradient nor penalty nor weight decay moves an array of a frozen layer"
    _train(bench, MIDDLE, "dense_1", hint)


def _batch_norm(bench: Bench) -> None:
    hint = (
        "a frozen batch normalisation uses its moving statistics in training too, and leaves all "
        "four arrays alone"
    )
    _train(bench, NORMAL, "batch_norm_1", hint)


CHECKS = (
    Check("frozen-layers", "frozen layers do not move, the others do", _layers),
    Check(
        "frozen-batch-norm",
        "frozen statistics stay, and the layer trains with them",
        _batch_norm,
    ),
)
