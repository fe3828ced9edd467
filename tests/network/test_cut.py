"""Where a network can be cut: known places of published networks, and what both parts have."""

import pytest

from cnnbench.network.bases import BASES
from cnnbench.network.cut import last_cut, split_network, up_to
from cnnbench.network.heads import HeadSpec, layers_before, with_head, without_head
from cnnbench.network.layers import Conv, Dense, Dropout, Flatten, StochasticDepth
from cnnbench.network.network import Network
from cnnbench.network.weights import weight_shapes


def headed(base, **head):
    return with_head(BASES[base]((96, 96, 3)), HeadSpec(**head), 5, "softmax")


@pytest.mark.parametrize(
    ("base", "start", "cut"),
    [
        ("vgg16", "block5", "block4_pool"),
        ("vgg16", "block3_conv2", "block3_conv1"),
        ("resnet50", "conv5_block1", "conv4_block6_out"),
        # The shortcut of a block goes past its second convolution.
        ("resnet50", "conv5_block2_2_conv", "conv5_block1_out"),
        ("xception", "block14", "add_11"),
        ("mobilenet", "conv_dw_13", "conv_pw_12_relu"),
        ("vgg16", "block1_conv1", ""),
    ],
)
def test_a_base_is_cut_where_all_branches_have_joined(base, start, cut):
    network = headed(base)
    assert last_cut(network, layers_before(without_head(network), start)) == cut


@pytest.mark.parametrize("base", BASES)
def test_a_frozen_base_is_cut_at_its_last_map_and_no_array_is_lost(base):
    network = headed(base)
    whole = without_head(network)
    names = [name for name, _ in whole.named_layers()]
    cut = last_cut(network, frozenset(names))
    assert cut == names[-1]
    front, tail = split_network(network, cut)
    assert front.nodes()[-1].shape == tail.input_shape
    assert weight_shapes(front) | weight_shapes(tail) == weight_shapes(network)
    assert (front.output, front.classes) == ("features", 0)
    assert (tail.output, tail.classes) == (network.output, network.classes)


def test_nothing_frozen_nothing_to_cut():
    assert last_cut(headed("resnet50"), frozenset()) == "", "padding alone is not worth it"


@pytest.mark.parametrize("kind", [Dropout, StochasticDepth])
def test_chance_in_a_frozen_part_differs_from_epoch_to_epoch(kind):
    layers = (Conv(filters=2, kernel=(3, 3)), kind(rate=0.5), Conv(filters=2, kernel=(3, 3)))
    network = Network(input_shape=(8, 8, 1), layers=(*layers, Flatten(), Dense(units=2)), classes=2)
    assert last_cut(network, frozenset({"conv_1", "conv_2"})) == "conv_1"


def test_what_a_layer_needs_is_all_that_is_left_above_it():
    network = headed("resnet50")
    part = up_to(network, "conv2_block1_1_relu")
    assert (part.nodes()[-1].name, part.output, part.classes) == (
        "conv2_block1_1_relu",
        "features",
        0,
    )
    names = {name for name, _ in part.named_layers()}
    assert "conv2_block1_0_conv" not in names, "the shortcut beside it"
    assert weight_shapes(part).items() <= weight_shapes(network).items()
