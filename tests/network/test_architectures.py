import pytest

from cnnbench.errors import NetworkError
from cnnbench.network.architectures import USED, build_network
from cnnbench.network.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Pool,
)
from cnnbench.network.spec import NetworkSpec

DIGIT = (28, 28, 1)


OTHER_VALUES = {
    "filters": (8, 8),
    "kernel": 2,
    "stride": 2,
    "padding": "same",
    "activation": "tanh",
    "downsampling": "stride",
    "pool": 1,
    "final_pool": True,
    "batch_norm": "after",
    "batch_norm_momentum": 0.5,
    "conv_dropout": 0.1,
    "head": "global_average",
    "dense": (7,),
    "dropout": 0.1,
    "l1": 0.1,
    "l2": 0.1,
    "layers": (Flatten(), Dense(units=3)),
    "output": "sigmoid",
}


@pytest.mark.parametrize("architecture", USED)
@pytest.mark.parametrize("name", OTHER_VALUES)
def test_an_architecture_uses_the_keys_that_it_is_said_to_use(architecture, name):
    base = {"architecture": architecture, "layers": (Flatten(),), "batch_norm": "before"}
    plain, changed = (
        build_network(NetworkSpec(**base | change), (64, 64, 1), 2)
        for change in ({}, {name: OTHER_VALUES[name]})
    )
    assert (plain != changed) == (name in USED[architecture])


def types(**settings):
    return [layer.type for layer in build_network(NetworkSpec(**settings), DIGIT, 10).layers]


def test_the_default_is_the_mnist_convnet():
    assert build_network(NetworkSpec(), DIGIT, 10).layers == (
        Conv(filters=32),
        Pool(),
        Conv(filters=64),
        Pool(),
        Conv(filters=64),
        Flatten(),
        Dense(units=64),
        Dense(units=10, activation="linear"),
    )


def test_the_dense_network_has_no_convolution():
    spec = NetworkSpec(architecture="dense", dense=(512, 32), dropout=0.2)
    assert build_network(spec, DIGIT, 10).layers == (
        Flatten(),
        Dense(units=512),
        Dropout(rate=0.2),
        Dense(units=32),
        Dropout(rate=0.2),
        Dense(units=10, activation="linear"),
    )


def test_batch_normalisation_stands_before_or_after_the_activation():
    before = build_network(NetworkSpec(batch_norm="before", activation="elu"), DIGIT, 10).layers
    assert before[:3] == (
        Conv(filters=32, activation="linear"),
        BatchNorm(),
        Activate(function="elu"),
    )
    after = build_network(NetworkSpec(batch_norm="after", activation="elu"), DIGIT, 10).layers
    assert after[:3] == (Conv(filters=32, activation="elu"), BatchNorm(), Pool())


def test_a_block_is_convolution_normalisation_pooling_dropout():
    assert types(filters=(4, 8), batch_norm="after", conv_dropout=0.1, dense=()) == [
        *("conv", "batch_norm", "pool", "dropout"),
        *("conv", "batch_norm", "dropout"),
        "flatten",
        "dense",
    ]


def test_strides_take_the_place_of_the_poolings():
    pooled = build_network(NetworkSpec(final_pool=True, stride=1), DIGIT, 10)
    strided = build_network(NetworkSpec(final_pool=True, downsampling="stride"), DIGIT, 10)
    strides = [layer.stride for layer in strided.layers if isinstance(layer, Conv)]
    assert strides == [(2, 2)] * sum(isinstance(layer, Pool) for layer in pooled.layers)
    assert not any(isinstance(layer, Pool) for layer in strided.layers)


def test_the_last_convolution_is_not_strided_unless_it_would_be_pooled():
    network = build_network(NetworkSpec(downsampling="stride", pool=(2, 3)), DIGIT, 10)
    strides = [layer.stride for layer in network.layers if isinstance(layer, Conv)]
    assert strides == [(2, 3), (2, 3), (1, 1)]


def test_average_pooling_and_no_downsampling():
    assert (
        Pool(kind="average") in build_network(NetworkSpec(downsampling="average"), DIGIT, 10).layers
    )
    assert "pool" not in types(downsampling="none")


def test_global_average_pooling_replaces_flattening():
    layers = build_network(NetworkSpec(head="global_average"), DIGIT, 10).layers
    assert GlobalAveragePool() in layers
    assert Flatten() not in layers


def test_penalties_spare_the_output():
    layers = build_network(NetworkSpec(l1=0.01, l2=0.02), DIGIT, 10).layers
    penalties = [(x.l1, x.l2) for x in layers if isinstance(x, Conv | Dense)]
    assert penalties == [(0.01, 0.02)] * 4 + [(0.0, 0.0)]


def test_one_sigmoid_unit_for_two_classes():
    network = build_network(NetworkSpec(output="sigmoid"), DIGIT, 2)
    assert network.layers[-1] == Dense(units=1, activation="linear")
    assert (network.output, network.classes) == ("sigmoid", 2)


def test_explicit_layers_get_the_output_added():
    layers = (Conv(filters=3), Flatten())
    network = build_network(NetworkSpec(architecture="layers", layers=layers), DIGIT, 7)
    assert network.layers == (*layers, Dense(units=7, activation="linear"))


@pytest.mark.parametrize(
    ("settings", "classes", "key", "words"),
    [
        ({"output": "sigmoid"}, 10, "output", ("sigmoid", "10", "softmax")),
        ({}, 1, "", ("at least two classes",)),
        ({"filters": ()}, 10, "filters", ("convolution",)),
        ({"kernel": (3, 40)}, 10, "kernel", ("conv_1", "3x40", "28x28x1")),
        ({"filters": (8,) * 4}, 10, "kernel", ("conv_4", "3x3", "1x1x8")),
        ({"pool": 14, "final_pool": True}, 10, "kernel", ("conv_2", "1x1x32")),
        ({"pool": 30}, 10, "pool", ("pool_1", "30x30", "26x26x32")),
        ({"architecture": "layers"}, 10, "layers", ("28x28x1", "flatten")),
        (
            {"architecture": "layers", "layers": (Conv(filters=2),)},
            10,
            "layers",
            ("26x26x2", "global_average_pool"),
        ),
        (
            {"architecture": "layers", "layers": (Conv(filters=2, kernel=(30, 30)), Flatten())},
            10,
            "layers",
            ("conv_1", "30x30"),
        ),
        (
            {"architecture": "layers", "layers": (Flatten(), Conv(filters=2))},
            10,
            "layers",
            ("conv_1", "784 values"),
        ),
    ],
)
def test_an_impossible_network_names_the_layer_and_the_key(settings, classes, key, words):
    with pytest.raises(NetworkError) as caught:
        build_network(NetworkSpec(**settings), DIGIT, classes)
    assert caught.value.key == key
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)
