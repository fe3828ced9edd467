"""Layers against slow loops in NumPy, where PyTorch's own conventions differ from cnnbench's."""

import numpy as np
import pytest
import torch

from cnnbench.plugin import (
    Activate,
    Add,
    BatchNorm,
    Concatenate,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Network,
    Optimization,
    Pool,
)
from cnnbench.testing import ArrayBatches, initial_weights
from cnnbench_torch_native import TorchNative

ENGINE = TorchNative().open("cpu", 1)


def built(*layers, input_shape=(7, 6, 2), classes=None, weights=None, seed=0, **optimization):
    network = Network(input_shape=input_shape, layers=layers, classes=classes or layers[-1].units)
    start = dict(initial_weights(network, 1)) | (weights or {})
    return ENGINE.build(network, start, Optimization(**optimization), seed)


def images_of(count, shape=(7, 6, 2)):
    return np.random.default_rng(count).normal(size=(count, *shape)).astype(np.float32)


def scores_of(model, images):
    """Logits up to a constant: softmax takes the rest away."""
    labels = np.zeros(len(images), np.int32)
    return np.log(model.predict(ArrayBatches(images, labels)))


def windows_same(size, window, stride):
    """Start and stop of each window along an axis, in pixels of the image, by TensorFlow's rule."""
    count = -(-size // stride)
    total = max((count - 1) * stride + window - size, 0)
    starts = [i * stride - total // 2 for i in range(count)]
    return [(start, start + window) for start in starts]


def expected_maps(images, window, stride, function):
    """function(pixels of the window that lie in the image, their offset in the window)."""
    rows = windows_same(images.shape[1], window[0], stride[0])
    columns = windows_same(images.shape[2], window[1], stride[1])
    return np.stack(
        [
            np.stack(
                [
                    function(
                        images[:, max(top, 0) : bottom, max(left, 0) : right],
                        (max(-top, 0), max(-left, 0)),
                    )
                    for left, right in columns
                ],
                axis=1,
            )
            for top, bottom in rows
        ],
        axis=1,
    )


def log_softmax(x):
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


WINDOWS = [
    ((3, 3), (1, 1)),
    ((2, 2), (1, 1)),
    ((3, 3), (2, 2)),
    ((2, 4), (2, 1)),
    ((4, 3), (3, 2)),
    ((1, 2), (2, 3)),
]


@pytest.mark.parametrize(("kernel", "stride"), WINDOWS)
def test_a_convolution_with_same_padding(kernel, stride):
    conv = Conv(filters=3, kernel=kernel, stride=stride, padding="same", activation="linear")
    images = images_of(2)
    draw = np.random.default_rng(0)
    values = draw.normal(size=(*kernel, 2, 3)).astype(np.float32)

    def at(pixels, offset):
        height, width = pixels.shape[1:3]
        part = values[offset[0] : offset[0] + height, offset[1] : offset[1] + width]
        return np.einsum("nhwi,hwio->no", pixels, part)

    expected = expected_maps(images, kernel, stride, at).reshape(2, -1)
    outputs = expected.shape[1]
    model = built(
        conv,
        Flatten(),
        Dense(units=outputs, activation="linear"),
        weights={"conv_1/kernel": values, "dense_1/kernel": np.eye(outputs, dtype=np.float32)},
    )
    np.testing.assert_allclose(scores_of(model, images), log_softmax(expected), atol=1e-4)


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize(("size", "stride"), WINDOWS)
def test_pooling_with_same_padding_counts_no_padded_pixel(kind, size, stride):
    reduce = np.max if kind == "max" else np.mean
    images = images_of(2) - 3  # negative throughout: a padded zero would show
    expected = expected_maps(images, size, stride, lambda x, _: reduce(x, axis=(1, 2)))
    expected = expected.reshape(2, -1)
    outputs = expected.shape[1]
    model = built(
        Pool(kind=kind, size=size, stride=stride, padding="same"),
        Flatten(),
        Dense(units=outputs, activation="linear"),
        weights={"dense_1/kernel": np.eye(outputs, dtype=np.float32)},
    )
    np.testing.assert_allclose(scores_of(model, images), log_softmax(expected), atol=1e-4)


@pytest.mark.parametrize("activation", ["relu", "elu", "gelu", "sigmoid", "tanh"])
@pytest.mark.parametrize("kind", ["max", "average"])
def test_pooling_may_move_in_front_of_an_activation_only_if_nothing_changes(activation, kind):
    """The same network with a layer in between that does nothing but keep the two apart."""
    pool = Pool(kind=kind, size=(2, 2), stride=(1, 1))
    head = (Flatten(), Dense(units=3, activation="linear"))
    fused = built(Conv(filters=4, activation=activation), pool, *head, optimizer="sgd")
    apart = built(
        Conv(filters=4, activation="linear"),
        Activate(function=activation),
        Dropout(rate=0.0),
        pool,
        *head,
        optimizer="sgd",
    )
    batches = ArrayBatches(images_of(8), np.arange(8, dtype=np.int32) % 3)
    results = [model.train_epoch(batches, 0.1) for model in (fused, apart)]
    assert results[0].loss == pytest.approx(results[1].loss, rel=1e-6)
    moved = apart.get_weights()
    for name, array in fused.get_weights().items():
        np.testing.assert_allclose(array, moved[name], rtol=1e-5, atol=1e-6)


def test_activations_overwrite_neither_the_images_nor_what_another_layer_keeps():
    layers = (Activate(), Activate(function="sigmoid"), Activate(), Activate(), Flatten())
    model = built(*layers, Dense(units=2), Activate(), Dense(units=2, activation="linear"))
    images = images_of(4)
    kept = images.copy()
    batches = ArrayBatches(images, np.zeros(4, np.int32))
    model.train_epoch(batches, 0.1)
    model.predict(batches)
    np.testing.assert_array_equal(images, kept)


@pytest.mark.parametrize(
    "other",
    [
        Conv(name="other", filters=4, kernel=(1, 1), inputs=("one",), activation="linear"),
        Flatten(name="other", inputs=("one",)),
    ],
    ids=["that is needed for a gradient", "that is a view"],
)
def test_an_activation_overwrites_nothing_that_another_layer_has_taken(other):
    """As it trains where a layer that does nothing keeps the activation from its input."""
    after = "flat" if isinstance(other, Flatten) else "relu"
    join = Concatenate if isinstance(other, Flatten) else Add

    def network(before):
        return built(
            Conv(name="one", filters=4, activation="linear"),
            other,
            *([Dropout(name="nothing", inputs=("one",), rate=0.0)] if before == "nothing" else []),
            Activate(name="relu", inputs=(before,)),
            *([Flatten(name="flat")] if after == "flat" else []),
            join(inputs=("other", after)),
            Flatten(),
            Dense(units=3, activation="linear"),
            optimizer="sgd",
        )

    batches = ArrayBatches(images_of(8), np.arange(8, dtype=np.int32) % 3)
    models = [network(before) for before in ("one", "nothing")]
    losses = [model.train_epoch(batches, 0.1).loss for model in models]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    moved = models[1].get_weights()
    for name, array in models[0].get_weights().items():
        np.testing.assert_allclose(array, moved[name], rtol=1e-5, atol=1e-6, err_msg=name)


def test_moving_statistics_take_the_biased_variance():
    model = built(BatchNorm(momentum=0.9), Flatten(), Dense(units=2, activation="linear"))
    images = images_of(3)
    model.train_epoch(ArrayBatches(images, np.zeros(3, np.int32)), 0.1)
    weights = model.get_weights()
    axes = (0, 1, 2)
    np.testing.assert_allclose(
        weights["batch_norm_1/mean"], 0.1 * images.mean(axes), rtol=1e-5, atol=1e-7
    )
    np.testing.assert_allclose(
        weights["batch_norm_1/variance"], 0.9 + 0.1 * images.var(axes), rtol=1e-5
    )


def test_a_batch_of_one_vector_can_be_normalised():
    model = built(Flatten(), Dense(units=4), BatchNorm(), Dense(units=2, activation="linear"))
    result = model.train_epoch(ArrayBatches(images_of(1), np.zeros(1, np.int32)), 0.1)
    # Its own mean is taken away and nothing is left: the scores are equal.
    assert result.loss == pytest.approx(np.log(2), rel=1e-4)


def test_a_frozen_normalisation_predicts_in_training_too_and_keeps_its_arrays():
    layers = (BatchNorm(), Flatten(), Dense(units=2, activation="linear"))
    statistics = {"batch_norm_1/mean": np.array([1, -1], np.float32)}
    frozen = frozenset({"batch_norm_1"})
    model = built(*layers, weights=statistics, frozen=frozen, optimizer="adamw")
    batches = ArrayBatches(images_of(4), np.array([0, 1, 0, 1], np.int32))
    before = model.get_weights()
    probabilities = model.predict(batches)
    result = model.train_epoch(batches, 0.1)
    expected = -np.log(probabilities[np.arange(4), batches.labels]).mean()
    assert result.loss == pytest.approx(expected, rel=1e-5)
    after = model.get_weights()
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    assert moved == {"dense_1/kernel", "dense_1/bias"}


def test_dropout_draws_from_a_stream_of_its_own():
    layers = (Flatten(), Dense(units=16), Dropout(rate=0.5), Dense(units=2, activation="linear"))
    batches = ArrayBatches(images_of(8), np.zeros(8, np.int32), batch_size=4)
    alone, beside, other = (built(*layers, seed=seed) for seed in (5, 5, 6))
    first = [alone.train_epoch(batches, 0.1).loss for _ in range(2)]
    second = []
    for _ in range(2):
        torch.rand(3)
        second.append(beside.train_epoch(batches, 0.1).loss)
        other.train_epoch(batches, 0.1)
    assert first == second


def test_the_last_batch_may_be_smaller():
    model = built(Flatten(), Dense(units=2, activation="linear"), optimizer="sgd")
    batches = ArrayBatches(images_of(5), np.array([0, 1, 0, 1, 1], np.int32), batch_size=2)
    assert model.predict(batches).shape == (5, 2)
    assert model.train_epoch(batches, 0.0001).count == 5


def test_bfloat16_computes_coarsely_and_keeps_weights_in_float32():
    layers = (Conv(filters=4), BatchNorm(), Pool(), Flatten(), Dense(units=3, activation="linear"))
    exact, coarse = (built(*layers, precision=precision) for precision in ("float32", "bfloat16"))
    batches = ArrayBatches(images_of(8), np.arange(8, dtype=np.int32) % 3, batch_size=4)
    losses = [model.train_epoch(batches, 0.01).loss for model in (exact, coarse)]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)
    assert {array.dtype for array in coarse.get_weights().values()} == {np.dtype("float32")}
