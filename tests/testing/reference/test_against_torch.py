"""The reference's layers and losses against PyTorch's functions, in float64."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from cnnbench.network.layers import BatchNorm, Conv, Pool
from cnnbench.testing.reference.activations import FUNCTIONS
from cnnbench.testing.reference.convolution import ConvNode
from cnnbench.testing.reference.normalization import BatchNormNode
from cnnbench.testing.reference.outputs import Sigmoid, Softmax
from cnnbench.testing.reference.pooling import PoolNode

torch = pytest.importorskip("torch")
F = torch.nn.functional
RNG = np.random.default_rng(0)


def channels_first(x):
    return torch.from_numpy(np.ascontiguousarray(x)).permute(0, 3, 1, 2)


def channels_last(x):
    return x.permute(0, 2, 3, 1).numpy()


def tensorflow_padding(x, window, stride, value):
    """As TensorFlow documents "SAME": left, right, top, bottom for torch.nn.functional.pad."""
    sides = []
    for size, k, s in zip(x.shape[-2:], window, stride, strict=True):
        total = max(k - s, 0) if size % s == 0 else max(k - size % s, 0)
        sides = [total // 2, total - total // 2, *sides]
    return F.pad(x, sides, value=value)


WINDOWS = [((3, 3), (1, 1)), ((2, 4), (1, 1)), ((3, 3), (2, 2)), ((5, 2), (3, 1)), ((2, 2), (3, 3))]


@pytest.mark.parametrize("size", [(8, 7), (5, 9)])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("kernel", "stride"), WINDOWS)
def test_convolution(kernel, stride, padding, size):
    x, weight = RNG.normal(size=(2, *size, 3)), RNG.normal(size=(*kernel, 3, 4))
    bias = RNG.normal(size=4)
    layer = Conv(filters=4, kernel=kernel, stride=stride, padding=padding, activation="linear")
    ours = ConvNode(layer, {"kernel": weight, "bias": bias}).forward(x, training=False)
    images = channels_first(x)
    if padding == "same":
        images = tensorflow_padding(images, kernel, stride, 0.0)
    theirs = F.conv2d(
        images, torch.from_numpy(weight).permute(3, 2, 0, 1), torch.from_numpy(bias), stride
    )
    np.testing.assert_allclose(ours, channels_last(theirs), atol=1e-12)


@pytest.mark.parametrize("size", [(8, 7), (5, 9)])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("window", "stride"), WINDOWS)
def test_pooling(window, stride, padding, size):
    x = RNG.normal(size=(2, *size, 3))
    images, real = channels_first(x), torch.ones(1, 1, *size, dtype=torch.float64)
    lowest = images
    if padding == "same":
        lowest = tensorflow_padding(images, window, stride, -math.inf)
        images = tensorflow_padding(images, window, stride, 0.0)
        real = tensorflow_padding(real, window, stride, 0.0)
    largest = F.max_pool2d(lowest, window, stride)
    # The share of real pixels in each window turns PyTorch's mean into one without padding.
    mean = F.avg_pool2d(images, window, stride) / F.avg_pool2d(real, window, stride)
    for kind, theirs in (("max", largest), ("average", mean)):
        layer = Pool(kind=kind, size=window, stride=stride, padding=padding)
        ours = PoolNode(layer, {}).forward(x, training=False)
        np.testing.assert_allclose(ours, channels_last(theirs), atol=1e-12)


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("relu", F.relu),
        ("elu", F.elu),
        ("gelu", F.gelu),
        ("sigmoid", torch.sigmoid),
        ("tanh", torch.tanh),
        ("relu6", F.relu6),
        ("leaky_relu", partial(F.leaky_relu, negative_slope=0.2)),
        ("selu", F.selu),
        ("silu", F.silu),
        ("hard_sigmoid", F.hardsigmoid),
        ("hard_swish", F.hardswish),
        ("softplus", F.softplus),
        ("softmax", partial(F.softmax, dim=-1)),
    ],
)
def test_activations_and_their_derivatives(name, theirs):
    x = np.linspace(-30, 30, 241)
    given = torch.from_numpy(x).requires_grad_()
    value = theirs(given)
    slope = RNG.normal(size=x.shape)
    value.backward(torch.from_numpy(slope))
    forwards, back = FUNCTIONS[name]
    np.testing.assert_allclose(forwards(x), value.detach().numpy(), atol=1e-8)
    np.testing.assert_allclose(back(x, slope), given.grad.numpy(), atol=1e-8)


@pytest.mark.parametrize("training", [True, False])
def test_batch_normalisation(training):
    x = RNG.normal(2, 3, size=(4, 3, 2, 5))
    arrays = {name: RNG.uniform(0.5, 2, 5) for name in ("gamma", "beta", "mean", "variance")}
    moving = {name: torch.from_numpy(arrays[name].copy()) for name in ("mean", "variance")}
    node = BatchNormNode(BatchNorm(momentum=0.9, epsilon=0.01), dict(arrays))
    ours = node.forward(x, training=training)
    theirs = F.batch_norm(
        channels_first(x),
        moving["mean"],
        moving["variance"],
        torch.from_numpy(arrays["gamma"]),
        torch.from_numpy(arrays["beta"]),
        training=training,
        momentum=0.1,
        eps=0.01,
    )
    np.testing.assert_allclose(ours, channels_last(theirs), atol=1e-12)
    np.testing.assert_allclose(node.arrays["mean"], moving["mean"].numpy(), atol=1e-12)
    # PyTorch's moving variance takes in the unbiased variance of the 24 values a channel.
    unbiased = (moving["variance"].numpy() - 0.9 * arrays["variance"]) / 0.1
    expected = 0.9 * arrays["variance"] + 0.1 * unbiased * 23 / 24
    np.testing.assert_allclose(
        node.arrays["variance"], expected if training else arrays["variance"], atol=1e-12
    )


@pytest.mark.parametrize("spread", [1.0, 300.0])
def test_losses_and_their_derivatives(spread):
    labels = np.array([0, 2, 1, 1, 0], np.int32)
    scores = torch.from_numpy(RNG.normal(0, spread, size=(5, 3))).requires_grad_()
    losses = F.cross_entropy(scores, torch.from_numpy(labels).long(), reduction="none")
    losses.sum().backward()
    numbers = scores.detach().numpy()
    np.testing.assert_allclose(Softmax().losses(numbers, labels), losses.detach(), atol=1e-10)
    np.testing.assert_allclose(Softmax().slopes(numbers, labels), scores.grad, atol=1e-12)

    soft = RNG.dirichlet(np.ones(3), 5)
    scores.grad = None
    losses = F.cross_entropy(scores, torch.from_numpy(soft), reduction="none")
    losses.sum().backward()
    np.testing.assert_allclose(Softmax().losses(numbers, soft), losses.detach(), atol=1e-10)
    np.testing.assert_allclose(Softmax().slopes(numbers, soft), scores.grad, atol=1e-12)
    assert (Softmax().hits(numbers, soft) == (numbers.argmax(1) == soft.argmax(1))).all()

    labels = labels % 2
    score = torch.from_numpy(RNG.normal(0, spread, size=(5, 1))).requires_grad_()
    target = torch.from_numpy(labels[:, None].astype(np.float64))
    losses = F.binary_cross_entropy_with_logits(score, target, reduction="none")
    losses.sum().backward()
    numbers = score.detach().numpy()
    np.testing.assert_allclose(Sigmoid().losses(numbers, labels), losses.detach()[:, 0], atol=1e-10)
    np.testing.assert_allclose(Sigmoid().slopes(numbers, labels), score.grad, atol=1e-12)

    soft = RNG.dirichlet(np.ones(2), 5)
    score.grad, ones = None, torch.from_numpy(soft[:, 1:])
    losses = F.binary_cross_entropy_with_logits(score, ones, reduction="none")
    losses.sum().backward()
    np.testing.assert_allclose(Sigmoid().losses(numbers, soft), losses.detach()[:, 0], atol=1e-10)
    np.testing.assert_allclose(Sigmoid().slopes(numbers, soft), score.grad, atol=1e-12)
    assert (Sigmoid().hits(numbers, soft) == ((numbers[:, 0] > 0) == (soft[:, 1] > 0.5))).all()
