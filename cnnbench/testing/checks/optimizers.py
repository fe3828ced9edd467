"""Each optimiser's steps against its formula."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cnnbench.network.layers import BatchNorm, Dense, Flatten
from cnnbench.testing.batches import ArrayBatches
from cnnbench.testing.expect import MOVES, expect_moves
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Pair, Rig
from cnnbench.testing.samples import RATES, batches, network
from cnnbench.trials.optimization import Optimization

DECAYED = network(Flatten(), BatchNorm(), Dense(units=4, activation="linear"))
LARGE = 100.0
LONG = 0.02
"""Relative tolerance of the moves of 55 steps, in which rounding grows."""
STARTS = "all state starts at 0, adagrad's at initial_accumulator_value"
HINTS = {
    "sgd": "w -= lr * g",
    "momentum": "v = momentum * v - lr * g; w += v",
    "rmsprop": "s = 0.9 s + 0.1 g^2; w -= lr * g / sqrt(s + 1e-7), not centred, no momentum",
    "adam": "beta1 0.9, beta2 0.999, both bias-corrected: lr * sqrt(1 - 0.999^t) / (1 - 0.9^t)",
    "adamw": "w -= lr * weight_decay * w before Adam's step, on every trained array",
    "nadam": (
        "u(t) = 0.9 (1 - 0.96^t / 2), the power is t and not t / 250; both parts of the step are "
        "bias-corrected by the product of all u so far"
    ),
    "adagrad": "s = s + g^2 from initial_accumulator_value on; w -= lr * g / sqrt(s + 1e-7)",
    "adamax": "m = 0.9 m + 0.1 g; u = max(0.999 u, |g|); only m is bias-corrected, by 1 - 0.9^t",
    "lion": "w -= lr * sign(0.9 m + 0.1 g), and only then m = 0.99 m + 0.01 g; no weight decay",
    "nesterov": "v = momentum * v - lr * g; w += momentum * v - lr * g",
}
INSIDE = "inside the square root of s"
OUTSIDE = "outside the square root of s, which is not bias-corrected"
EPSILON = {
    "rmsprop": INSIDE,
    "adam": OUTSIDE,
    "adamw": OUTSIDE,
    "nadam": "outside the square root of s, which is bias-corrected",
    "adagrad": f"{INSIDE}, which starts from initial_accumulator_value, here 0",
    "adamax": "beside u",
}
"""Where it stands."""


def _follow(
    pair: Pair,
    passes: ArrayBatches,
    rates: tuple[float, ...],
    what: str,
    hint: str,
    *,
    tolerance: float = MOVES,
) -> None:
    """Train both an epoch a rate; compare the moves of all together."""
    for rate in rates:
        pair.model.train_epoch(passes, rate)
        pair.reference.train_epoch(passes, rate)
    got, expected = pair.model.get_weights(), pair.reference.get_weights()
    expect_moves(what, pair.weights, got, expected, hint, tolerance=tolerance)


def _optimization(name: str) -> Optimization:
    """Of an optimiser, or momentum in Nesterov's form; with a decay that only adamw may heed."""
    if name == "nesterov":
        return Optimization(optimizer="momentum", nesterov=True, weight_decay=0.5)
    return Optimization(optimizer=name, weight_decay=0.5)


def _steps(name: str, rig: Rig) -> None:
    optimization = _optimization(name)
    pair = rig.pair(rig.small, optimization)
    passes = batches(rig.small, 18, batch_size=6)
    rate, hint = RATES[optimization.optimizer], HINTS[name]
    _follow(pair, passes.select(0, 1), (rate,), f"in the first step of {name}", hint)
    _follow(pair, passes, (rate,), f"in four steps of {name}", f"{hint}; {STARTS}")
    # Gradients far above 1, and so many steps that no correction of a start is left.
    passes.weights = passes.weights * LARGE
    long = f"{hint}; no gradient is clipped, and a formula holds in every step"
    smaller = (rate / LARGE if optimization.optimizer in {"sgd", "momentum"} else rate,) * 17
    _follow(pair, passes, smaller, f"in 55 steps of {name}", long, tolerance=LONG)


def _epsilon(name: str, rig: Rig) -> None:
    """Gradients near epsilon, where its place and size show."""
    pair = rig.pair(rig.small, Optimization(optimizer=name, initial_accumulator_value=0.0))
    passes = batches(rig.small, 12)
    passes.weights = passes.weights * 1e-4
    hint = f"epsilon is 1e-7 and stands {EPSILON[name]}"
    _follow(pair, passes, (0.1,), f"in two steps of {name} with tiny gradients", hint)


def _norm(rig: Rig) -> None:
    """One step of large gradients, then so many small ones that their maximum fades."""
    pair = rig.pair(rig.small, Optimization(optimizer="adamax"))
    passes = batches(rig.small, 18, batch_size=6)
    usual, passes.weights = passes.weights, passes.weights * LARGE
    hint = f"{HINTS['adamax']}, so that a large gradient is forgotten step by step"
    rate = RATES["adamax"]
    _follow(pair, passes.select(0, 1), (rate,), "in a step of adamax", hint)
    pair.model.set_weights(pair.weights)
    pair.reference.set_weights(pair.weights)
    passes.weights = usual
    _follow(pair, passes, (rate,) * 50, "in 150 steps after it", hint, tolerance=LONG)


def _state(name: str, rig: Rig) -> None:
    optimization = _optimization(name)
    pair = rig.pair(rig.small, optimization)
    passes = batches(rig.small, 18)
    hint = "optimiser state lives as long as the model: neither a new epoch nor predict resets it"
    rate = RATES[optimization.optimizer]
    _follow(pair, passes, (rate, rate), f"in two epochs of {name}", hint)
    pair.model.predict(passes)
    _follow(pair, passes, (rate,), f"in three epochs of {name}", hint)
    pair.model.set_weights(pair.weights)
    pair.reference.set_weights(pair.weights)
    _follow(pair, passes, (rate,), "after set_weights", "set_weights leaves optimiser state alone")


def _rate(rig: Rig) -> None:
    hint = "use the learning rate given to this epoch; it may change with every epoch"
    for optimization in rig.optimizations:
        name, rate = optimization.optimizer, RATES[optimization.optimizer]
        pair = rig.pair(rig.small, replace(optimization, weight_decay=0.5))
        what = f"in two epochs of {name} at different rates"
        _follow(pair, batches(rig.small, 18), (rate, rate / 10), what, hint)


def _rate_with_momentum(name: str, rig: Rig) -> None:
    hint = (
        "the velocity contains the rates of its own steps: v = momentum * v - lr * g, not "
        "v = momentum * v + g (as in PyTorch)"
    )
    pair = rig.pair(rig.small, replace(_optimization(name), momentum=0.8))
    _follow(pair, batches(rig.small, 18), (0.1, 0.01), "in two epochs of different rates", hint)


def _decay(rig: Rig) -> None:
    net = rig.reduce(DECAYED)
    pair = rig.pair(net, Optimization(optimizer="adamw", weight_decay=2.0))
    hint = (
        "decoupled weight decay acts on every trained array, biases, gamma and beta too, is "
        "multiplied by the learning rate, and leaves moving statistics alone"
    )
    _follow(pair, batches(net), (0.01,), "in a step of adamw", hint)


def _clipping(rig: Rig) -> None:
    """Three steps, the last of gradients that are small but for the penalty's."""
    hint = (
        "each step begins with g *= min(1, global_clipnorm / norm), norm being that of the "
        "gradients of all arrays that move, as one vector"
    )
    layer = Dense(units=4, activation="linear")
    penalized = layer.model_copy(update={"l2": 0.5})
    for below, frozen, said in (
        (layer, frozenset[str](), f"{hint}; a smaller norm stays"),
        (penalized, frozenset[str](), f"{hint}; penalties belong to g"),
        (layer, frozenset({"dense_1"}), hint),
    ):
        net = rig.reduce(network(Flatten(), below))
        optimization = replace(rig.plain, global_clipnorm=0.1, frozen=frozen)
        pair = rig.pair(net, optimization)
        passes = batches(net, 18, batch_size=6)
        passes.weights[-6:] *= 1e-3
        what = "in two steps that are clipped and one of a smaller loss"
        _follow(pair, passes, (RATES[optimization.optimizer],), what, said)


CHECKS = (
    *(
        Check(name, f"{name}: one step, four and 55 agree with its formula", partial(_steps, name))
        for name in HINTS
    ),
    *(
        Check(f"{name}-epsilon", f"{name}: epsilon has its place", partial(_epsilon, name))
        for name in EPSILON
    ),
    Check("adamax-norm", "adamax: a large gradient is forgotten slowly", _norm),
    *(
        Check(f"{name}-state", f"{name}: state lasts as long as the model", partial(_state, name))
        for name in HINTS
        if name != "sgd"
    ),
    Check("learning-rate", "each epoch uses the learning rate it is given", _rate),
    *(
        Check(
            f"learning-rate-{name}",
            f"{name}: a changed rate acts on later gradients",
            partial(_rate_with_momentum, name),
        )
        for name in ("momentum", "nesterov")
    ),
    Check("clipping", "gradients are clipped by the norm of all together", _clipping),
    Check("weight-decay", "adamw decays every trained array and no other", _decay),
)
