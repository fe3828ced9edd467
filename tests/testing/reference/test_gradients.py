"""The reference's gradients against finite differences of its own objective, in float64."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from cnnbench.data.passes.batches import Batch
from cnnbench.network.layers import (
    Activate,
    Activation,
    Add,
    AnyLayer,
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
from cnnbench.network.network import Network
from cnnbench.network.weights import MOVING_STATISTICS, weight_shapes
from cnnbench.testing.reference import Reference
from cnnbench.trials.optimization import Optimization

FIRST = Conv(filters=3, activation="linear")
FOUR = Conv(filters=4, kernel=(2, 2), activation="linear")
LEFT = Conv(name="left", filters=3, activation="tanh")
RIGHT = Conv(name="right", inputs=("input",), filters=3, activation="linear")
BOTH = ("left", "right")
LAYERS = {
    "conv-valid": [Conv(filters=3, kernel=(2, 3), stride=(1, 2), activation="tanh"), Flatten()],
    "conv-same": [Conv(filters=3, stride=(2, 2), padding="same", activation="tanh"), Flatten()],
    "conv-even": [Conv(filters=2, kernel=(4, 2), padding="same", activation="tanh"), Flatten()],
    "max-pool": [FIRST, Pool(size=(3, 2), stride=(1, 2)), Flatten()],
    "max-pool-same": [FIRST, Pool(size=(3, 2), stride=(2, 2), padding="same"), Flatten()],
    "average-pool": [FIRST, Pool(kind="average", size=(2, 3), stride=(2, 1)), Flatten()],
    "average-pool-same": [FIRST, Pool(kind="average", size=(3, 3), padding="same"), Flatten()],
    "global-average-pool": [FIRST, GlobalAveragePool()],
    "batch-norm-map": [FIRST, BatchNorm(), Activate(function="tanh"), Flatten()],
    "batch-norm-vector": [Flatten(), Dense(units=4, activation="tanh"), BatchNorm(epsilon=0.1)],
    "conv-groups": [FOUR, Conv(filters=6, kernel=(2, 2), groups=2, activation="tanh"), Flatten()],
    "conv-a-group-a-channel": [FOUR, Conv(filters=8, kernel=(2, 2), groups=4), Flatten()],
    "conv-dilation": [
        FIRST,
        Conv(filters=2, kernel=(2, 3), dilation=(3, 1), activation="linear"),
        Flatten(),
    ],
    "conv-dilation-same": [
        FIRST,
        Conv(filters=4, groups=1, dilation=(1, 2), padding="same", activation="tanh"),
        Conv(filters=4, groups=2, dilation=(2, 1), padding="same", activation="linear"),
        Flatten(),
    ],
    "no-bias": [
        Conv(filters=2, kernel=(2, 2), use_bias=False, activation="tanh"),
        DepthwiseConv(kernel=(2, 2), use_bias=False, activation="linear"),
        Flatten(),
        Dense(units=4, use_bias=False),
    ],
    "depthwise-conv": [
        FIRST,
        DepthwiseConv(kernel=(2, 3), stride=(2, 1), activation="tanh"),
        Flatten(),
    ],
    "depthwise-conv-same": [
        FIRST,
        DepthwiseConv(kernel=(4, 3), stride=(1, 2), padding="same", activation="linear"),
        Flatten(),
    ],
    "depthwise-conv-dilation": [
        DepthwiseConv(kernel=(2, 2), dilation=(2, 3), activation="tanh"),
        DepthwiseConv(dilation=(2, 1), padding="same", activation="linear"),
        Flatten(),
    ],
    "zero-padding": [FIRST, ZeroPadding(padding=((0, 2), (1, 3))), FOUR, Flatten()],
    "rescaling": [
        FIRST,
        Rescaling(scale=(0.5, 2.0, -1.0), offset=(0.0, 1.0, -1.0)),
        Activate(function="tanh"),
        Rescaling(scale=-0.5, offset=0.25),
        Flatten(),
    ],
    "global-max-pool": [FIRST, GlobalMaxPool()],
    "global-pools-of-1x1": [
        LEFT,
        GlobalAveragePool(keepdims=True, name="mean"),
        GlobalMaxPool(keepdims=True, name="largest", inputs=("left",)),
        Concatenate(inputs=("mean", "largest")),
        Conv(filters=4, kernel=(1, 1), activation="tanh"),
        Flatten(),
    ],
    "add": [LEFT, RIGHT, Add(inputs=("left", "right", "left")), Flatten()],
    "concatenate": [
        LEFT,
        FOUR,
        Pool(name="small"),
        Conv(name="other", inputs=("left",), filters=2, kernel=(3, 2), activation="tanh"),
        Pool(name="too", size=(2, 2), stride=(1, 1), padding="same"),
        Pool(name="second", size=(2, 2)),
        Concatenate(inputs=("small", "second", "small")),
        Flatten(),
    ],
    "concatenate-vectors": [
        Flatten(name="flat"),
        Dense(name="one", units=3, activation="tanh"),
        Dense(name="two", units=2, inputs=("flat",), activation="linear"),
        Concatenate(inputs=("two", "flat", "one")),
    ],
    "multiply": [LEFT, RIGHT, Multiply(inputs=("left", "right", "left")), Flatten()],
    "squeeze-and-excite": [
        LEFT,
        GlobalAveragePool(keepdims=True),
        Conv(filters=3, kernel=(1, 1), activation="hard_sigmoid", name="gate"),
        GlobalMaxPool(inputs=("left",), name="vector"),
        Multiply(inputs=("gate", "left", "vector")),
        Flatten(),
    ],
    "graph": [
        LEFT,
        Conv(name="deep", filters=3, padding="same", activation="tanh"),
        RIGHT,
        Add(inputs=("deep", "left", "right")),
        Conv(name="late", inputs=("left",), filters=3, kernel=(1, 1), activation="silu"),
        Concatenate(inputs=("late", "add_1", "deep")),
        Flatten(),
    ],
    "batch-norm-without-scale": [
        FIRST,
        BatchNorm(scale=False, momentum=0.7),
        Activate(function="tanh"),
        Flatten(),
        Dense(units=4, activation="linear"),
        BatchNorm(scale=False),
    ],
    "batch-norm-without-center": [
        FIRST,
        BatchNorm(center=False),
        Activate(function="tanh"),
        Flatten(),
        Dense(units=4, activation="linear"),
        BatchNorm(center=False),
    ],
    "batch-norm-of-neither": [
        FIRST,
        BatchNorm(scale=False, center=False),
        Activate(function="tanh"),
        Flatten(),
    ],
    "dropout": [FIRST, Dropout(rate=0.4), Flatten(), Dense(units=4), Dropout(rate=0.2)],
    "stochastic-depth": [
        FIRST,
        StochasticDepth(rate=0.4),
        Flatten(),
        Dense(units=4),
        StochasticDepth(rate=0.1),
    ],
    "penalties": [
        Conv(filters=2, activation="linear", l1=0.1, l2=0.2),
        Flatten(),
        Dense(units=4, activation="linear", l1=0.3, l2=0.4),
    ],
    "penalty-of-depthwise-kernels": [
        DepthwiseConv(activation="linear", l1=0.1, l2=0.2),
        Flatten(),
    ],
    **{
        f"activation-{name}": [
            Conv(filters=2, activation=name),
            DepthwiseConv(kernel=(2, 2), activation=name),
            Flatten(),
            Dense(units=4, activation=name),
            Activate(function=name),
        ]
        for name in get_args(Activation)
    },
}


@pytest.mark.parametrize("kind", get_args(get_args(AnyLayer)[0]))
def test_every_type_of_layer_and_every_option_is_tried(kind):
    tried = [layer for layers in LAYERS.values() for layer in layers if type(layer) is kind]
    assert tried
    plain = {"type", "name", "inputs"}
    for option, field in kind.model_fields.items():
        if option not in plain:
            assert any(getattr(layer, option) != field.default for layer in tried), option


def build(layers, output, frozen=frozenset()):
    units = 1 if output == "sigmoid" else 3
    net = Network(
        input_shape=(6, 5, 2),
        layers=(*layers, Dense(units=units, activation="linear")),
        classes=max(units, 2),
        output=output,
    )
    rng = np.random.default_rng(0)
    weights = {
        name: np.abs(rng.normal(size=shape)) + 0.1 if "variance" in name else rng.normal(size=shape)
        for name, shape in weight_shapes(net).items()
    }
    return lambda weights: Reference(net, weights, Optimization("sgd", frozen=frozen), 3), weights


def batch(classes):
    rng = np.random.default_rng(1)
    labels = np.array([0, 1, classes - 1, 1], np.int32)
    return Batch(rng.normal(size=(4, 6, 5, 2)), labels, rng.uniform(0.1, 2, 4))


def objective(reference, data):
    scores = reference.scores(data.images, training=True)
    losses = data.weights * reference.output.losses(scores, data.labels)
    return losses.sum() / len(losses) + reference.penalty()


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_a_step_of_descent_follows_the_slope_of_the_objective(layers, output):
    make, weights = build(layers, output)
    data = batch(2 if output == "sigmoid" else 3)
    trained = make(weights)
    trained.step(data, 1.0)
    after = trained.get_weights()
    rng = np.random.default_rng(2)
    for name, array in weights.items():
        if name.partition("/")[2] in MOVING_STATISTICS:
            continue
        # One random direction an array: its slope is the gradient's component along it.
        direction = rng.normal(size=array.shape)
        ahead, behind = (
            objective(make({**weights, name: array + sign * 1e-5 * direction}), data)
            for sign in (1, -1)
        )
        slope = ((array - after[name]) * direction).sum()
        assert slope == pytest.approx((ahead - behind) / 2e-5, rel=1e-4, abs=1e-8), name


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_gradients_by_the_images_follow_the_scores(layers):
    make, weights = build(layers, "softmax")
    images, rng = batch(3).images, np.random.default_rng(2)
    direction, slopes = rng.normal(size=images.shape), rng.normal(size=(len(images), 3))
    ahead, behind = (
        (slopes * make(weights).scores(images + sign * 1e-5 * direction)).sum() for sign in (1, -1)
    )
    slope = (make(weights).image_gradients(images, slopes) * direction).sum()
    assert slope == pytest.approx((ahead - behind) / 2e-5, rel=1e-4, abs=1e-8)


def test_a_frozen_batch_norm_passes_gradients_through_its_moving_statistics():
    layers = [FIRST, BatchNorm(), Flatten()]
    make, weights = build(layers, "softmax", frozen=frozenset({"batch_norm_1"}))
    data = batch(3)
    trained = make(weights)
    trained.step(data, 1.0)
    after = trained.get_weights()
    for part in ("gamma", "beta", "mean", "variance"):
        name = f"batch_norm_1/{part}"
        assert np.array_equal(after[name], weights[name])
    direction = np.random.default_rng(2).normal(size=weights["conv_1/kernel"].shape)
    ahead, behind = (
        objective(
            make({**weights, "conv_1/kernel": weights["conv_1/kernel"] + sign * 1e-5 * direction}),
            data,
        )
        for sign in (1, -1)
    )
    slope = ((weights["conv_1/kernel"] - after["conv_1/kernel"]) * direction).sum()
    assert slope == pytest.approx((ahead - behind) / 2e-5, rel=1e-5)
