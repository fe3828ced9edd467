"""Blocks of bases: as many as the papers count, each from the layer where its name begins."""

import pytest

from cnnbench.errors import NetworkError
from cnnbench.network.architectures import build_network
from cnnbench.network.bases import BASES
from cnnbench.network.bases.points import POINTS, first_of_last, points_of
from cnnbench.network.cut import last_cut, trunk
from cnnbench.network.heads import HeadSpec, layers_before, with_head
from cnnbench.network.layers import Activate, Add, Conv
from cnnbench.network.network import Network
from cnnbench.network.spec import NetworkSpec

BLOCKS = {
    "vgg16": 5,
    "vgg19": 5,
    "resnet50": 3 + 4 + 6 + 3,
    "densenet121": 4,
    "inception_v3": 11,
    "xception": 14,
    "mobilenet": 13,
    "mobilenet_v2": 17,
    "mobilenet_v3_small": 11,
    "efficientnet_b0": 16,
    "efficientnet_lite0": 16,
    "efficientnet_v2b0": 21,
}
"""Tables of the papers; of EfficientNetV2-B0 Keras's, whose summary goes to block6h."""


def names_of(base, side=96):
    return [name for name, _ in BASES[base]((side, side, 3)).named_layers()]


def test_every_base_has_the_blocks_of_its_paper():
    assert {base: len(points) for base, points in POINTS.items()} == BLOCKS
    assert POINTS.keys() == BASES.keys()


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("side", [96, 299])
def test_points_are_layers_from_the_first_to_the_last_at_any_size(base, side):
    names = names_of(base, side)
    assert [name for name in names if name in POINTS[base]] == list(POINTS[base])


@pytest.mark.parametrize("base", BASES)
def test_in_front_of_every_block_the_network_can_be_cut(base):
    network = BASES[base]((96, 96, 3))
    headed = with_head(network, HeadSpec(), 5, "softmax")
    cuts = [last_cut(headed, layers_before(network, point)) for point in POINTS[base][1:]]
    names = names_of(base)
    behind = [names.index(cut) for cut in cuts]
    starts = [names.index(point) for point in POINTS[base]]
    places = zip(starts[:-1], behind, starts[1:], strict=True)
    assert all(start <= cut < end for start, cut, end in places)


@pytest.mark.parametrize(
    ("base", "begins", "count"),
    [
        ("vgg16", "block5", 1),
        ("vgg19", "block3", 3),
        ("resnet50", "conv5_block3", 1),
        ("resnet50", "conv5", 3),
        ("densenet121", "conv5", 1),
        ("xception", "block14", 1),
        ("xception", "block12", 3),
        ("mobilenet", "conv_dw_12", 2),
        ("mobilenet_v2", "block_13", 4),
        ("mobilenet_v3_small", "expanded_conv_10", 1),
        ("efficientnet_b0", "block7a", 1),
        ("efficientnet_lite0", "block6", 5),
        ("efficientnet_v2b0", "block6", 8),
    ],
)
def test_the_last_blocks_begin_where_a_person_would_say_by_name(base, begins, count):
    network = BASES[base]((96, 96, 3))
    start = first_of_last(POINTS[base], count)
    assert layers_before(network, start) == layers_before(network, begins)


def test_blocks_of_inception_stand_behind_the_mixed_one_before():
    names = names_of("inception_v3")
    above = [names[names.index(point) - 1] for point in POINTS["inception_v3"]]
    assert above == ["max_pooling2d_1", *(f"mixed{number}" for number in range(10))]


def test_a_shortcut_of_xception_moves_with_its_block():
    network = BASES["xception"]((96, 96, 3))
    (joined,) = (node.layer for node in network.nodes() if node.name == "add_11")
    frozen = layers_before(network, first_of_last(POINTS["xception"], 2))
    beside = {name for name in joined.inputs if name.startswith("batch_norm")}
    assert len(beside) == 1
    assert not beside & frozen


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"separable": True},
        {"squeeze_excite": 4},
        {"batch_norm": "before", "residual": True},
        {"batch_norm": "after", "conv_dropout": 0.1, "downsampling": "stride"},
        {"residual": True, "squeeze_excite": 4, "separable": True, "stochastic_depth": 0.2},
    ],
    ids=str,
)
def test_a_convnet_has_a_block_for_each_of_its_filters(spec):
    made = NetworkSpec(filters=(8, 16, 16, 32), padding="same", **spec)
    points = points_of(trunk(build_network(made, (32, 32, 3), 2)))
    assert len(points) == 4
    assert len(set(points)) == 4


def test_a_block_ends_where_its_paths_have_joined():
    layers = (
        Conv(name="stem", filters=4, padding="same"),
        Conv(name="narrow", filters=2, kernel=(1, 1)),
        Conv(name="wide", filters=4, padding="same"),
        Add(name="sum", inputs=("stem", "wide")),
        Activate(name="out", function="relu"),
        Conv(name="along", filters=4, kernel=(1, 3)),
    )
    network = Network(input_shape=(8, 8, 1), layers=layers, classes=0, output="features")
    assert points_of(network) == ("stem", "narrow", "along")


def test_more_blocks_than_there_are_are_refused_with_how_many_there_are():
    assert first_of_last(POINTS["vgg16"], 5) == "block1_conv1"
    with pytest.raises(NetworkError, match="the base has 5 blocks, not 6: give a number up to 5"):
        first_of_last(POINTS["vgg16"], 6)
    with pytest.raises(NetworkError, match="nobody says which blocks the base has"):
        first_of_last((), 1)
