import pytest

from cnnbench.network.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Pool,
    StochasticDepth,
)


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (Conv(filters=32), "conv 32, 3x3, relu"),
        (
            Conv(filters=8, kernel=(5, 3), stride=(2, 2), padding="same", l2=0.001),
            "conv 8, 5x3, stride 2x2, same, relu, l2 0.001",
        ),
        (Conv(filters=8, activation="linear"), "conv 8, 3x3"),
        (Pool(), "max pool 2x2"),
        (Pool(kind="average", size=(3, 3), stride=(2, 2)), "average pool 3x3, stride 2x2"),
        (Dense(units=64, l1=0.01), "dense 64, relu, l1 0.01"),
        (BatchNorm(), "batch norm"),
        (Activate(function="tanh"), "tanh"),
        (Dropout(rate=0.25), "dropout 0.25"),
        (StochasticDepth(rate=0.2 / 3), "stochastic depth 0.0667"),
        (Flatten(), "flatten"),
        (GlobalAveragePool(), "global average pool"),
    ],
)
def test_a_layer_reads_as_people_write_it(layer, text):
    assert layer.label == text
