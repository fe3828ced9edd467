"""Cases of layers that join, of what is normalised, padded and divided: see `forward`."""

from __future__ import annotations

from cnnbench.network.layers import (
    Add,
    BatchNorm,
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Multiply,
    Rescaling,
    ZeroPadding,
)
from cnnbench.testing.checks.cases import BELOW, Case

FOUR = Conv(filters=4, kernel=(1, 1), activation="linear")
LEFT = Conv(name="left", filters=3, kernel=(1, 1), activation="linear")
RIGHT = Conv(name="right", inputs=("left",), filters=3, kernel=(1, 1), activation="linear")
BOTH = ("left", "right")
DEPTHWISE = "each channel has a kernel of its own, (height, width, in, 1)"

GRAPHS: dict[str, Case] = {
    "depthwise-conv": Case(
        "a depthwise convolution without padding, kernel 2x3, stride 2x2, agrees",
        DEPTHWISE,
        (BELOW, DepthwiseConv(kernel=(2, 3), stride=(2, 2), activation="linear"), Flatten()),
    ),
    "depthwise-conv-same": Case(
        'a depthwise convolution with padding "same" and strides of its own along each axis agrees',
        f"{DEPTHWISE}; of an odd number of padded rows the larger half goes to the bottom",
        (BELOW, DepthwiseConv(kernel=(3, 4), stride=(2, 1), padding="same"), Flatten()),
    ),
    "conv-groups": Case(
        "a convolution in groups is a convolution of each group of channels",
        "kernels are (height, width, in / groups, out); the first outputs are those of the first "
        "group",
        (FOUR, Conv(filters=6, kernel=(2, 2), groups=2, activation="linear"), Flatten()),
    ),
    "dilation": Case(
        "dilated kernels, in both convolutions, look at pixels that lie apart",
        "(down, right); what a dilated kernel spans decides its padding",
        (
            BELOW,
            Conv(filters=3, kernel=(2, 3), dilation=(2, 1), activation="linear"),
            DepthwiseConv(dilation=(1, 2), padding="same", activation="linear"),
            Flatten(),
        ),
    ),
    "no-bias": Case(
        "without a bias nothing is added, in convolutions and dense layers",
        "use_bias = false: there is no array of that name",
        (
            Conv(filters=3, kernel=(2, 2), use_bias=False),
            DepthwiseConv(use_bias=False, activation="linear"),
            Flatten(),
            Dense(units=5, use_bias=False),
        ),
    ),
    "zero-padding": Case(
        "zero padding adds rows above and below, columns left and right",
        "padding is ((above, below), (left, right))",
        (BELOW, ZeroPadding(padding=((0, 2), (1, 0))), Flatten()),
    ),
    "rescaling": Case(
        "rescaling multiplies and adds constants, one or one for every channel",
        "scale * x + offset; the channels are the last axis of maps and of vectors",
        (
            Rescaling(scale=0.5, offset=-0.25),
            BELOW,
            Rescaling(scale=(0.5, 2.0, -1.0), offset=(0.0, 1.0, -1.0)),
            Flatten(),
            Dense(units=2, activation="linear"),
            Rescaling(scale=(2.0, -1.0)),
        ),
    ),
    "global-max-pool": Case(
        "global max pooling is the largest value of each channel over height and width",
        "shape (n, channels)",
        (GlobalMaxPool(),),
    ),
    "keepdims": Case(
        "global pooling that keeps its dimensions gives a map of 1x1",
        "shape (n, 1, 1, channels)",
        (
            LEFT,
            GlobalAveragePool(keepdims=True, name="mean"),
            GlobalMaxPool(keepdims=True, name="largest", inputs=("left",)),
            Concatenate(inputs=("mean", "largest")),
            Conv(filters=4, kernel=(1, 1), activation="linear"),
            Flatten(),
        ),
    ),
    "add": Case(
        "add is the sum of all its inputs, one of which may count twice",
        "a layer may be named by several others, and more than once by one",
        (LEFT, RIGHT, Add(inputs=("left", "right", "left")), Flatten()),
    ),
    "concatenate": Case(
        "concatenate puts channels of maps and values of vectors one after the other",
        "along the last axis of NHWC, in the order of `inputs`",
        (
            LEFT,
            RIGHT,
            Concatenate(inputs=("right", "left")),
            Flatten(name="flat"),
            Dense(units=3, activation="linear"),
            Concatenate(inputs=("dense_1", "flat")),
        ),
    ),
    "multiply": Case(
        "multiply is the product of its inputs; a map of 1x1 or a vector counts for every pixel",
        "the product is taken channel by channel",
        (
            LEFT,
            RIGHT,
            Multiply(name="product", inputs=BOTH),
            GlobalAveragePool(keepdims=True, name="map"),
            GlobalAveragePool(name="vector", inputs=("right",)),
            Multiply(inputs=("map", "product", "vector")),
            Flatten(),
        ),
    ),
    "batch-norm-bare": Case(
        "batch normalisation without scale has no gamma, without center no beta",
        "what is missing counts as 1 and 0, and there is no array of its name",
        (
            BELOW,
            BatchNorm(scale=False),
            BatchNorm(center=False),
            BatchNorm(scale=False, center=False),
            Flatten(),
        ),
    ),
    "graph": Case(
        "a layer takes the outputs of those that it names, and its gradient is the sum of what "
        "they send back",
        "layers stand in an order in which they can be computed; `inputs` may name any above, or "
        '"input"',
        (
            LEFT,
            Conv(name="deep", filters=3, padding="same", activation="relu"),
            Conv(name="side", inputs=("input",), filters=3, kernel=(1, 1), activation="linear"),
            Add(inputs=("deep", "left", "side")),
            Conv(filters=3, inputs=("left",), kernel=(1, 1), activation="relu", name="late"),
            Concatenate(inputs=("late", "add_1", "deep")),
            Flatten(),
        ),
    ),
}
