"""Which layers a heat map may be of, on published networks and on small ones."""

import pytest

from cnnbench.errors import OptionsError
from cnnbench.network.bases import BASES
from cnnbench.network.layers import Add, BatchNorm, Conv, Dense, Flatten, Pool
from cnnbench.network.network import Network
from cnnbench.winner.explanation.layers import grad_cam_layer, last_map, layers_of_maps


def network(*layers):
    top = (Flatten(), Dense(units=3, activation="linear"))
    return Network(input_shape=(16, 16, 3), layers=(*layers, *top), classes=3)


SHORTCUT = network(
    Conv(name="first", filters=4, padding="same"),
    Conv(name="second", filters=4, padding="same"),
    Add(name="sum", inputs=("first", "second")),
    Pool(),
)


@pytest.mark.parametrize(
    ("base", "layer"),
    [
        # the last convolution, before it is pooled (Selvaraju et al. 2017, section 3.1)
        ("vgg16", "block5_conv3"),
        # as Keras's example of Grad-CAM has it (keras.io/examples/vision/grad_cam)
        ("xception", "block14_sepconv2_act"),
        ("resnet50", "conv5_block3_out"),
        ("mobilenet_v2", "out_relu"),
        ("inception_v3", "mixed10"),
        ("efficientnet_v2b0", "top_activation"),
    ],
)
def test_a_heat_map_is_of_the_last_layer_that_finds_features(base, layer):
    assert grad_cam_layer(BASES[base]((160, 160, 3), top=True)) == layer


@pytest.mark.parametrize("base", BASES)
def test_every_base_has_a_layer_and_three_to_show(base):
    whole = BASES[base]((160, 160, 3), top=True)
    layer = grad_cam_layer(whole)
    shown = layers_of_maps(whole, layer)
    assert len(shown) == 3
    assert shown[-1] == layer
    assert last_map(BASES[base]((160, 160, 3))) == layer


def test_pooling_after_the_normalisation_of_a_map_does_not_count():
    assert grad_cam_layer(network(Conv(filters=2), BatchNorm(), Pool())) == "batch_norm_1"


def test_maps_of_a_single_pixel_tell_no_place():
    assert grad_cam_layer(network(Conv(filters=2), Conv(filters=2, kernel=(14, 14)))) == "conv_1"


def test_a_layer_that_a_shortcut_goes_past_is_refused_with_those_that_can_be():
    assert grad_cam_layer(SHORTCUT, "first") == "first"
    with pytest.raises(OptionsError, match=r"passed by on another path; possible are first, sum$"):
        grad_cam_layer(SHORTCUT, "second")
    with pytest.raises(OptionsError, match=r"makes no map, .*; possible are first, sum$"):
        grad_cam_layer(SHORTCUT, "flatten_1")
    with pytest.raises(OptionsError, match=r"--layer frist, which is no layer .*did you mean 'fi"):
        grad_cam_layer(SHORTCUT, "frist")


def test_a_network_without_maps_has_nothing_to_show():
    with pytest.raises(OptionsError, match="it needs a convolution"):
        grad_cam_layer(network())


def test_layers_without_activation_are_shown_where_no_other_is():
    linear = [Conv(filters=2, activation="linear") for _ in range(3)]
    assert layers_of_maps(network(*linear), "conv_3") == ("conv_1", "conv_2", "conv_3")
    assert layers_of_maps(network(*linear), "conv_1") == ("conv_1",)
