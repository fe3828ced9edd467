"""Batch normalisation against float64, whatever the size of the maps."""

import numpy as np
import pytest
import torch

from cnnbench.plugin import BatchNorm, Dense, GlobalAveragePool, Network, Optimization
from cnnbench.testing import ArrayBatches, initial_weights
from cnnbench_torch_native import TorchNative
from cnnbench_torch_native._batch_norm import normalize

EPSILON = 0.001
SHAPES = [
    (32, 5, 26, 26),
    (64, 3, 148, 148),
    (31, 4, 13, 17),
    (32, 6, 3, 3),
    (1, 2, 1, 1),
    (4096, 8),
    (257, 8),  # prime: a single block
    (16, 8),
]


def values_of(shape):
    """Like the maps of a convolution after ReLU, channels_last."""
    x = torch.from_numpy(np.random.default_rng(len(shape)).normal(0.3, 0.7, shape)).relu()
    return x.float().contiguous(memory_format=torch.channels_last) if len(shape) > 2 else x.float()


def by_formula(x, gamma, beta):
    axes = [axis for axis in range(x.ndim) if axis != 1]
    variance, mean = torch.var_mean(x, axes, correction=0, keepdim=True)
    parts = [part.view(mean.shape) for part in (gamma, beta)]
    output = (x - mean) / (variance + EPSILON).sqrt() * parts[0] + parts[1]
    return output, mean.flatten(), variance.flatten()


def results_of(function, x, dtype):
    """What a function returns, and the gradients of a sum with weights all over the place."""
    draw = np.random.default_rng(1)
    channels = x.shape[1]
    gamma, beta = (torch.from_numpy(draw.normal(1, 0.3, channels)) for _ in range(2))
    slope = torch.from_numpy(draw.normal(0.1, 1, x.shape)).to(dtype)
    given = [part.to(dtype).requires_grad_() for part in (x.clone(), gamma, beta)]
    output, mean, variance = function(*given)
    output.backward(slope)
    return [output, mean, variance, *(part.grad for part in given)]


@pytest.mark.parametrize("shape", SHAPES)
def test_normalisation_and_its_gradients_are_those_of_float64(shape):
    x = values_of(shape)
    exact = results_of(by_formula, x, torch.float64)
    found = results_of(lambda *parts: normalize(*parts, EPSILON), x, torch.float32)
    names = ("output", "mean", "variance", "images'", "gamma's", "beta's")
    for name, one, other in zip(names, found, exact, strict=True):
        error = (one - other).abs().max() / other.abs().max().clamp_min(1e-3)
        # The gradients of gamma and beta are sums of millions of terms that nearly cancel.
        assert error < (1e-5 if name in {"gamma's", "beta's"} else 2e-6), (
            f"{name} relative error is {error:.1e}"
        )


@pytest.mark.parametrize("shape", [(32, 26, 26, 8), (64, 148, 148, 2)])
def test_the_variance_of_a_batch_is_exact_to_a_few_units_in_the_last_place(shape):
    images = np.random.default_rng(0).normal(0.3, 0.7, shape).clip(0).astype(np.float32)
    layers = (BatchNorm(momentum=0), GlobalAveragePool(), Dense(units=2, activation="linear"))
    network = Network(input_shape=shape[1:], layers=layers, classes=2)
    engine = TorchNative().open("cpu", 1)
    model = engine.build(network, initial_weights(network, 0), Optimization(), 0)
    labels = np.zeros(len(images), np.int32)
    model.train_epoch(ArrayBatches(images, labels, batch_size=len(images)), 0.001)
    exact = images.astype(np.float64).var(axis=(0, 1, 2))
    np.testing.assert_allclose(model.get_weights()["batch_norm_1/variance"], exact, rtol=5e-7)


def test_half_precision_keeps_its_type_and_is_normalised_by_exact_statistics():
    x = values_of((32, 5, 26, 26)).bfloat16()
    unit, zero = torch.ones(5), torch.zeros(5)
    output, mean, variance = normalize(x, unit, zero, EPSILON)
    _, expected_mean, expected = by_formula(x.double(), unit, zero)
    assert output.dtype == torch.bfloat16
    torch.testing.assert_close(mean.double(), expected_mean, rtol=5e-7, atol=0)
    torch.testing.assert_close(variance.double(), expected, rtol=1e-6, atol=0)


def test_maps_stay_channels_last():
    x = values_of((32, 5, 26, 26)).requires_grad_()
    output, *_ = normalize(x, torch.ones(5), torch.zeros(5), EPSILON)
    output.sum().backward()
    assert output.is_contiguous(memory_format=torch.channels_last)
    assert x.grad.is_contiguous(memory_format=torch.channels_last)
