import numpy as np

from cnnbench.network.architectures import build_network
from cnnbench.network.layers import BatchNorm, Conv, Dense, Flatten
from cnnbench.network.spec import NetworkSpec
from cnnbench.network.weights import (
    by_layer,
    initial_weights,
    penalized_kernels,
    trainable_arrays,
    weight_shapes,
)

DIGIT = (28, 28, 1)
CONVNET = build_network(NetworkSpec(batch_norm="after"), DIGIT, 10)


def of_layers(*layers, seed=3):
    spec = NetworkSpec(architecture="layers", layers=layers)
    return initial_weights(build_network(spec, (9, 9, 2), 4), seed)


def test_arrays_have_the_canonical_layout_and_order():
    assert weight_shapes(build_network(NetworkSpec(filters=(4,), kernel=(3, 5)), (9, 9, 2), 3)) == {
        "conv_1/kernel": (3, 5, 2, 4),
        "conv_1/bias": (4,),
        "dense_1/kernel": (7 * 5 * 4, 64),
        "dense_1/bias": (64,),
        "dense_2/kernel": (64, 3),
        "dense_2/bias": (3,),
    }
    assert {x: s for x, s in weight_shapes(CONVNET).items() if x.startswith("batch_norm_2")} == {
        f"batch_norm_2/{part}": (64,) for part in ("gamma", "beta", "mean", "variance")
    }


def test_values_are_float32_arrays_of_the_declared_shapes():
    weights = initial_weights(CONVNET, 0)
    assert {name: array.shape for name, array in weights.items()} == weight_shapes(CONVNET)
    assert {array.dtype for array in weights.values()} == {np.dtype("float32")}


def test_kernels_are_glorot_uniform():
    kernel = initial_weights(CONVNET, 0)["conv_2/kernel"]
    limit = np.sqrt(6 / (9 * 32 + 9 * 64))
    assert np.abs(kernel).max() <= limit
    assert np.abs(kernel).max() > 0.999 * limit
    assert abs(kernel.mean()) < 0.02 * limit
    assert abs(kernel.std() - limit / np.sqrt(3)) < 0.02 * limit


def test_biases_and_normalisation_start_as_in_keras():
    weights = initial_weights(CONVNET, 0)
    assert not weights["conv_1/bias"].any()
    assert not weights["batch_norm_1/beta"].any()
    assert not weights["batch_norm_1/mean"].any()
    assert (weights["batch_norm_1/gamma"] == 1).all()
    assert (weights["batch_norm_1/variance"] == 1).all()


def test_the_same_seed_gives_the_same_weights_and_another_others():
    kernels = [initial_weights(CONVNET, seed)["conv_1/kernel"] for seed in (1, 1, 2)]
    assert np.array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])


def test_values_of_a_seed_never_change():
    # Recorded results rest on them: a changed stream is another experiment under the same seed.
    kernel = of_layers(Conv(filters=1), Flatten())["conv_1/kernel"]
    np.testing.assert_allclose(kernel[0, 0, :, 0], [-0.46421313, -0.45325744], rtol=1e-6)


def test_no_two_arrays_share_their_numbers():
    weights = of_layers(Conv(filters=2, padding="same"), Conv(filters=2, padding="same"), Flatten())
    assert not np.array_equal(weights["conv_1/kernel"], weights["conv_2/kernel"])


def test_a_layer_added_elsewhere_leaves_the_others_alone():
    plain = of_layers(Conv(filters=4), Flatten(), Dense(units=5))
    normalized = of_layers(Conv(filters=4), BatchNorm(), Flatten(), Dense(units=5))
    for name, array in plain.items():
        assert np.array_equal(array, normalized[name])


def test_the_output_is_shared_by_variants_with_other_hidden_layers():
    shallow = of_layers(Flatten(), Dense(units=5))
    deep = of_layers(Flatten(), Dense(units=6), Dense(units=5))
    assert np.array_equal(shallow["dense_2/kernel"], deep["dense_3/kernel"])


def test_gradients_move_neither_moving_statistics_nor_frozen_layers():
    network = build_network(NetworkSpec(filters=(4, 4), batch_norm="after"), DIGIT, 10)
    moved = trainable_arrays(network, frozenset({"conv_1", "batch_norm_1", "dense_1"}))
    assert moved == (
        *("conv_2/kernel", "conv_2/bias", "batch_norm_2/gamma", "batch_norm_2/beta"),
        *("dense_2/kernel", "dense_2/bias"),
    )


def test_penalties_are_listed_by_kernel():
    layers = (Conv(filters=4, l1=0.1), Conv(filters=4), Flatten(), Dense(units=5, l2=0.2))
    spec = NetworkSpec(architecture="layers", layers=layers)
    network = build_network(spec, DIGIT, 10)
    assert penalized_kernels(network) == {"conv_1/kernel": (0.1, 0), "dense_1/kernel": (0, 0.2)}


def test_arrays_are_found_by_their_layer_and_part():
    arrays = {"conv1/kernel": 1, "conv1/bias": 2, "dense1/kernel": 3}
    assert by_layer(arrays) == {"conv1": {"kernel": 1, "bias": 2}, "dense1": {"kernel": 3}}
