"""Names and inputs of layers, and what can be wrong with them."""

import pytest

from cnnbench.errors import NetworkError
from cnnbench.network.layers import (
    Add,
    Concatenate,
    Conv,
    Dense,
    Flatten,
    GlobalAveragePool,
    Multiply,
    Pool,
)
from cnnbench.network.network import Network
from cnnbench.network.receptive import Receptive, receptive_fields
from cnnbench.network.weights import initial_weights, weight_shapes

SIDE = Conv(filters=3, kernel=(1, 1), activation="linear")


def network(*layers, shape=(8, 8, 3)):
    return Network(input_shape=shape, layers=layers, classes=2)


def refusal(*layers):
    with pytest.raises(NetworkError) as caught:
        network(*layers).nodes()
    assert caught.value.key == "layers"
    return str(caught.value)


def test_layers_that_name_nobody_are_a_chain():
    nodes = network(Conv(filters=4), Conv(filters=5), Flatten(), Dense(units=2)).nodes()
    assert [(x.name, x.layer.inputs) for x in nodes] == [
        ("conv_1", ("input",)),
        ("conv_2", ("conv_1",)),
        ("flatten_1", ("conv_2",)),
        ("dense_1", ("flatten_1",)),
    ]


def test_a_layer_takes_what_those_that_it_names_have_made():
    nodes = network(
        SIDE.model_copy(update={"name": "left"}),
        Conv(filters=5, padding="same", inputs=("input",)),
        Concatenate(inputs=("conv_2", "left")),
    ).nodes()
    assert nodes[-1].inputs == ((8, 8, 5), (8, 8, 3))
    assert nodes[-1].shape == (8, 8, 8)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([SIDE, Add(inputs=("conv_1", "conv_9"))], "add_1 takes the output of conv_9, which is no"),
        ([SIDE, Add(inputs=("conv_1", "cnv_1"))], "did you mean 'conv_1'?"),
        (
            [Add(name="sum", inputs=("input", "late")), Conv(name="late", filters=3)],
            "sum takes the output of late, which depends on its own: sum -> late -> sum is a cycle",
        ),
        (
            [
                Add(name="sum", inputs=("input", "late")),
                Conv(name="late", filters=3, inputs=("input",)),
            ],
            "which stands below it: move sum below late",
        ),
        ([Conv(name="own", filters=3, inputs=("own",))], "own, which is itself"),
        (
            [SIDE.model_copy(update={"name": "a"})] * 2,
            "layers 1 and 2 are both called a",
        ),
        ([SIDE.model_copy(update={"name": "conv_2"}), SIDE], "are both called conv_2"),
        ([SIDE.model_copy(update={"name": "input"})], "a layer is called input"),
        ([SIDE, Conv(filters=3, inputs=("input",))], "nothing takes the output of conv_1"),
        ([SIDE, Add()], "add_1 joins several inputs, but has only conv_1"),
        (
            [SIDE, Conv(filters=2, inputs=("conv_1", "input"))],
            "conv_2 takes one input, but names 2 (conv_1, input)",
        ),
        (
            [Conv(filters=4), Add(inputs=("conv_1", "input"))],
            "add_1 joins conv_1 (6x6x4) and input (8x8x3), whose shapes differ",
        ),
        (
            [Conv(filters=4), Concatenate(inputs=("conv_1", "input"))],
            "whose height and width differ",
        ),
        ([Conv(filters=4), Multiply(inputs=("conv_1", "input"))], "whose shapes differ"),
        ([Conv(filters=4, groups=2)], "divides 3 channels and 4 filters into 2 groups"),
        ([Conv(filters=4, stride=(2, 2), dilation=(2, 2))], "leave one of them at 1"),
    ],
)
def test_what_is_no_graph_is_refused_with_the_layers_name(layers, words):
    assert words in refusal(*layers)


def test_a_cycle_over_many_layers_is_told_whole():
    text = refusal(
        Add(name="a", inputs=("input", "c")),
        Conv(name="b", filters=3),
        Conv(name="c", filters=3),
    )
    assert "a -> c -> b -> a" in text


def test_the_receptive_field_is_the_largest_over_all_paths():
    fields = receptive_fields(
        network(
            Conv(filters=3, kernel=(1, 1), name="near"),
            Conv(filters=3, kernel=(3, 1), padding="same", dilation=(2, 1), name="tall"),
            Conv(filters=3, kernel=(1, 3), padding="same", inputs=("near",), name="wide"),
            Add(inputs=("near", "tall", "wide")),
        )
    )
    assert fields[-1] == Receptive((5, 3), (1, 1))


def test_what_is_weighed_by_the_whole_image_sees_it():
    fields = receptive_fields(
        network(
            SIDE,
            GlobalAveragePool(keepdims=True),
            Multiply(inputs=("conv_1", "global_average_pool_1")),
            Conv(filters=2),
        )
    )
    assert fields[-1] == Receptive((8, 8), None)


def test_initial_weights_follow_the_name_alone():
    plain = initial_weights(network(SIDE, SIDE, Flatten(), Dense(units=2)), 0)
    named = initial_weights(
        network(
            SIDE,
            SIDE.model_copy(update={"inputs": ("input",)}),
            Add(inputs=("conv_1", "conv_2")),
            Pool(),
            Flatten(),
            Dense(units=2),
        ),
        0,
    )
    for name in ("conv_1/kernel", "conv_2/kernel"):
        assert (plain[name] == named[name]).all()


def test_arrays_that_are_left_out_have_no_name():
    shapes = weight_shapes(network(Conv(filters=6, groups=3, use_bias=False), Flatten()))
    assert shapes == {"conv_1/kernel": (3, 3, 1, 6)}


def test_spelling_out_what_is_so_anyway_changes_nothing():
    plain = network(SIDE, Pool(), Flatten(), Dense(units=2))
    spelled = network(
        Conv(name="conv_1", inputs=("input",), filters=3, kernel=(1, 1), activation="linear"),
        # What has no random numbers may be called anything.
        Pool(name="smaller", inputs=("conv_1",), stride=(2, 2)),
        Flatten(inputs=("smaller",)),
        Dense(units=2, use_bias=True),
    )
    assert spelled.settings() == plain.settings()


def test_another_name_draws_other_weights_and_other_inputs_compute_another_thing():
    plain = network(SIDE, SIDE, Add(inputs=("conv_1", "conv_2")))
    other = network(SIDE, SIDE, Add(inputs=("conv_2", "conv_1")))
    named = network(SIDE, SIDE.model_copy(update={"name": "b"}), Add(inputs=("conv_1", "b")))
    told = [repr(x.settings()) for x in (plain, other, named)]
    assert len(set(told)) == 3
