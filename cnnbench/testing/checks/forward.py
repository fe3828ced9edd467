"""Every layer's prediction and gradient against the reference, a check a case."""

from __future__ import annotations

from functools import partial

import numpy as np

from cnnbench.network.layers import (
    Activate,
    Activation,
    AnyLayer,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Pool,
    StochasticDepth,
)
from cnnbench.network.network import Network
from cnnbench.testing.checks.cases import BELOW, Case
from cnnbench.testing.checks.graphs import GRAPHS
from cnnbench.testing.expect import expect_close, expect_moves
from cnnbench.testing.finding import Check
from cnnbench.testing.rig import Rig
from cnnbench.testing.samples import SHAPE, batches, network

ASYMMETRIC = (
    "of an odd number of padded rows or columns the larger half goes to the bottom and right, and "
    "padding to ceil(input / stride) outputs depends on the input's size"
)
KERNEL = "kernels are (height, width, in, out) and are not flipped; the bias is added once"
AVERAGE = "an average counts no padded pixel"
MAXIMUM = "a padded pixel must never win: pad with minus infinity, not with zero"

FORMULAS: dict[Activation, str] = {
    "linear": "x itself",
    "relu": "max(x, 0), flat below 0",
    "elu": "x above 0 and exp(x) - 1 below",
    "gelu": "x times the normal distribution function (by erf, not its tanh approximation)",
    "sigmoid": "1 / (1 + exp(-x))",
    "tanh": "tanh(x)",
    "relu6": "max(x, 0), but at most 6",
    "leaky_relu": "x above 0 and 0.2 x below",
    "selu": "1.0507009873554805 times x above 0 and times 1.6732632423543772 (exp(x) - 1) below",
    "silu": "x / (1 + exp(-x))",
    "hard_sigmoid": "x / 6 + 1 / 2, but at least 0 and at most 1",
    "hard_swish": "x times hard_sigmoid(x)",
    "softplus": "log(1 + exp(x))",
    "softmax": "exp(x) / sum exp(x), the sum over the last axis: of a map, over its channels",
}

POOLS = frozenset({"pool", "global_average_pool", "global_max_pool"})
APART = frozenset({"batch_norm", "dropout", "stochastic_depth"})
"""Layers that do something else in training, which has checks of its own."""


def _activated(function: Activation) -> tuple[AnyLayer, ...]:
    """A function in each of the places where it can stand, each given values of both signs."""
    # softmax is another function on maps than on vectors; relu6 needs what none has cut before it.
    alone = (BELOW, Activate(function=function)) if function in ("softmax", "relu6") else ()
    return (
        *alone,
        Conv(filters=2, activation=function),
        Flatten(),
        Dense(units=8, activation=function),
        Dense(units=8, activation="linear"),
        Activate(function=function),
    )


_CASES: dict[str, Case] = {
    "dense": Case(
        "a dense layer is x @ kernel + bias, and softmax turns scores into probabilities",
        "kernels of dense layers are (in, out)",
        (Flatten(), Dense(units=4, activation="linear")),
    ),
    "flatten": Case(
        "flattening is row-major over height, width, channels",
        "the channel runs fastest, then the column; a backend that computes channels-first must "
        "bring its maps back to NHWC before it flattens",
        (Conv(filters=3, activation="linear"), Flatten()),
    ),
    "conv-valid": Case(
        "a convolution without padding, kernel 2x3, agrees with the reference",
        KERNEL,
        (BELOW, Conv(filters=3, kernel=(2, 3), activation="linear"), Flatten()),
    ),
    "conv-valid-stride": Case(
        "a convolution without padding, stride 2x3, agrees with the reference",
        "strides are (down, right)",
        (BELOW, Conv(filters=3, stride=(2, 3), activation="linear"), Flatten()),
    ),
    "conv-same": Case(
        'padding "same" with an even kernel pads the larger half at the bottom and right',
        ASYMMETRIC,
        (BELOW, Conv(filters=2, kernel=(2, 4), padding="same", activation="linear"), Flatten()),
    ),
    "conv-same-stride": Case(
        'padding "same" with stride 2 pads as TensorFlow does, by the size of the input',
        ASYMMETRIC,
        (
            BELOW,
            Conv(filters=2, kernel=(3, 4), stride=(2, 2), padding="same", activation="linear"),
            # A stride beyond the kernel needs no padding, and must not get a negative one.
            Conv(filters=3, kernel=(1, 1), stride=(3, 2), padding="same", activation="linear"),
            Flatten(),
        ),
    ),
    "signal": Case(
        "a signal is a map of one column: kernels and windows of k x 1 slide along it",
        "an axis of length 1 stays an axis, and no window spans it twice",
        (
            Conv(filters=3, kernel=(1, SHAPE[1]), activation="linear"),
            Conv(filters=4, kernel=(3, 1), padding="same", activation="linear"),
            Pool(kind="average", size=(3, 1), stride=(2, 1), padding="same"),
            Conv(filters=3, kernel=(2, 1), stride=(2, 1), activation="linear"),
            Pool(size=(2, 1)),
            Flatten(),
        ),
    ),
    "max-pool": Case(
        "max pooling without padding, also where windows overlap or leave pixels out",
        "a window that does not fit is left out; stride None means the size of the window",
        (Pool(size=(3, 2), stride=(1, 2)), Pool(), Flatten()),
    ),
    "max-pool-same": Case(
        'max pooling with padding "same" ignores what was padded',
        f"{MAXIMUM}; {ASYMMETRIC}",
        (
            Pool(size=(3, 2), stride=(2, 3), padding="same"),
            Pool(size=(2, 1), stride=(3, 2), padding="same"),
            Flatten(),
        ),
    ),
    "average-pool": Case(
        "average pooling without padding, also where windows overlap or leave pixels out",
        "a window that does not fit is left out; stride None means the size of the window",
        (Pool(kind="average", size=(3, 2), stride=(1, 2)), Pool(kind="average"), Flatten()),
    ),
    "average-pool-same": Case(
        'average pooling with padding "same" counts no padded pixel',
        f"{AVERAGE}; {ASYMMETRIC}",
        (
            Pool(kind="average", size=(3, 4), stride=(2, 3), padding="same"),
            Pool(kind="average", size=(2, 1), stride=(3, 2), padding="same"),
            Flatten(),
        ),
    ),
    "global-average-pool": Case(
        "global average pooling is the mean of each channel over height and width",
        "shape (n, channels)",
        (GlobalAveragePool(),),
    ),
    "batch-norm-prediction": Case(
        "batch normalisation predicts with its moving statistics, on maps and on vectors",
        "(x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis, with the layer's "
        "own epsilon; predicting must not use the batch's statistics",
        (BatchNorm(epsilon=0.1), Conv(filters=2, activation="linear"), Flatten(), BatchNorm()),
    ),
    "dropout-prediction": Case(
        "dropout is absent at prediction",
        "switch dropout off in predict (evaluation mode), and do not scale there",
        (Dropout(rate=0.5), Flatten(), Dropout(rate=0.3)),
    ),
    "stochastic-depth-prediction": Case(
        "stochastic depth is absent at prediction",
        "leave nothing out in predict (evaluation mode), and do not scale there",
        (StochasticDepth(rate=0.5), Flatten(), StochasticDepth(rate=0.3)),
    ),
    **{
        f"activation-{function}": Case(
            f"{function} in a convolution, in a dense layer and on its own, forwards and back",
            f"{function} is {formula}, in every layer that names it and in no other",
            _activated(function),
            # The usual approximation of gelu is furthest off between 2 and 3; relu6 ends at 6.
            spread=9.0 if function == "relu6" else 3.0,
        )
        for function, formula in FORMULAS.items()
    },
    **GRAPHS,
}


def _forward(case: Case, rig: Rig) -> None:
    net = network(*_below(case, rig), *case.layers)
    model, reference, weights = rig.pair(net)
    images = batches(net, 3)
    images.images = images.images * np.float32(case.spread)
    expect_close(
        "the probabilities", model.predict(images), reference.predict(images), case.hint, scale=1.0
    )
    if any(layer.type in APART for layer in case.layers):
        return
    model.train_epoch(images, 0.1)
    reference.train_epoch(images, 0.1)
    got, expected = model.get_weights(), reference.get_weights()
    expect_moves("in a step", weights, got, expected, case.hint)


def _features(rig: Rig) -> None:
    """Of a network without a classifier, on maps and on vectors."""
    top = Dense(units=2, activation="relu")
    for layers in ((BELOW, Conv(filters=2)), (BELOW, GlobalAveragePool(), top)):
        net = Network(input_shape=SHAPE, layers=layers, classes=0, output="features")
        model, reference, _ = rig.pair(net)
        images = batches(net, 8, batch_size=3)
        hint = "what the last layer makes as it is, maps as (images, height, width, channels)"
        expect_close("the features", model.predict(images), reference.predict(images), hint)


def _below(case: Case, rig: Rig) -> tuple[AnyLayer, ...]:
    """Pooling is checked without a convolution too."""
    pooled = case.layers[0].type in POOLS
    return (BELOW,) if pooled and BELOW.type in rig.backend.capabilities.layers else ()


CHECKS = (
    *(Check(name, case.about, partial(_forward, case)) for name, case in _CASES.items()),
    Check(
        "features", "a network without a classifier predicts what its last layer makes", _features
    ),
)
