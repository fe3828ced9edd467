"""Residual, separable and squeeze-and-excite convnets against the same in Keras."""

import os

import pytest

from cnnbench.errors import NetworkError
from cnnbench.network.architectures import build_network
from cnnbench.network.spec import NetworkSpec
from cnnbench.network.summary import summarize

with pytest.MonkeyPatch.context() as environment:
    # Not for longer: processes that other tests start would inherit it.
    environment.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "torch"))
    keras = pytest.importorskip("keras")

L = keras.layers
SHAPE = (12, 10, 3)
SAME = {"filters": (8, 16), "padding": "same", "dense": ()}


def counts(spec):
    summary = summarize(build_network(spec, SHAPE, 4))
    maps = [row.shape for row in summary.rows if len(row.shape) == 3]
    return summary.parameters, maps[-1], summary.flops


def model(block):
    images = keras.Input(SHAPE)
    x = block(images, 8)
    x = L.MaxPooling2D()(x)
    last = block(x, 16)
    whole = keras.Model(images, [last, L.Dense(4)(L.Flatten()(last))])
    return whole.count_params(), tuple(last.shape[1:])


def separable(x, filters):
    return L.SeparableConv2D(filters, 3, padding="same", activation="relu")(x)


def residual(x, filters):
    y = L.BatchNormalization()(L.Conv2D(filters, 3, padding="same")(x))
    return L.ReLU()(L.Add()([y, L.Conv2D(filters, 1)(x)]))


def excited(x, filters):
    y = L.Conv2D(filters, 3, padding="same", activation="relu")(x)
    z = L.GlobalAveragePooling2D(keepdims=True)(y)
    z = L.Conv2D(filters // 4, 1, activation="relu")(z)
    return L.Multiply()([y, L.Conv2D(filters, 1, activation="sigmoid")(z)])


# Twice the multiply-adds: of 120 and 30 pixels, each kernel, then 5 x 6 x 16 values to 4 units.
DENSE = 2 * 30 * 16 * 4


@pytest.mark.parametrize(
    ("options", "block", "flops"),
    [
        (
            {"separable": True},
            separable,
            2 * 120 * (9 * 3 + 3 * 8) + 2 * 30 * (9 * 8 + 8 * 16),
        ),
        (
            {"residual": True, "batch_norm": "before"},
            residual,
            2 * 120 * (9 * 3 * 8 + 3 * 8) + 2 * 30 * (9 * 8 * 16 + 8 * 16),
        ),
        (
            {"squeeze_excite": 4},
            excited,
            2 * 120 * 9 * 3 * 8 + 2 * 2 * 8 * 2 + 2 * 30 * 9 * 8 * 16 + 2 * 2 * 16 * 4,
        ),
    ],
)
def test_an_option_makes_the_network_that_keras_has_by_that_name(options, block, flops):
    parameters, shape, counted = counts(NetworkSpec(**SAME, **options))
    assert (parameters, shape) == model(block)
    assert counted == flops + DENSE


def test_a_block_of_the_same_shape_adds_its_input_as_it_is():
    network = build_network(NetworkSpec(**SAME | {"filters": (3,), "residual": True}), SHAPE, 4)
    assert [layer.type for layer in network.layers] == [
        *("conv", "add", "activation", "flatten", "dense")
    ]
    assert network.nodes()[1].layer.inputs == ("conv_1", "input")


def test_options_go_together_with_strides():
    spec = NetworkSpec(
        **SAME, residual=True, separable=True, squeeze_excite=100, downsampling="stride"
    )
    assert counts(spec)[1] == (6, 5, 16)


def test_a_residual_block_needs_room():
    with pytest.raises(NetworkError, match='set padding = "same"') as caught:
        build_network(NetworkSpec(residual=True), SHAPE, 4)
    assert caught.value.key == "padding"
    build_network(NetworkSpec(residual=True, padding="same"), SHAPE, 4)


def test_stochastic_depth_grows_evenly_and_ends_what_a_block_adds():
    # Huang et al. (2016), equation 4: block l of L survives with probability 1 - l / L (1 - p_L).
    spec = NetworkSpec(
        **SAME | {"filters": (3, 3, 8, 8, 8)},
        residual=True,
        stochastic_depth=0.5,
        batch_norm="before",
    )
    network = build_network(spec, (32, 32, 3), 4)
    nodes = {node.name: node.layer for node in network.nodes()}
    rates = [layer.rate for layer in nodes.values() if layer.type == "stochastic_depth"]
    assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    sums = [layer for layer in nodes.values() if layer.type == "add"]
    assert [layer.inputs[0] for layer in sums] == [f"stochastic_depth_{i}" for i in range(1, 6)]
    assert [nodes[f"stochastic_depth_{i}"].inputs for i in (1, 2)] == [
        ("batch_norm_1",),
        ("batch_norm_2",),
    ]
    without = build_network(spec.model_copy(update={"stochastic_depth": 0.0}), (32, 32, 3), 4)
    assert summarize(network).parameters == summarize(without).parameters


def test_without_a_residual_block_there_is_nothing_to_leave_out():
    with pytest.raises(NetworkError, match="set residual = true, or use dropout") as caught:
        build_network(NetworkSpec(stochastic_depth=0.2), SHAPE, 4)
    assert caught.value.key == "stochastic_depth"
