"""PyTorch's fused optimisers by the formulas of `UpdateRule`, and arrays that move in place."""

import numpy as np
import pytest
import torch

from cnnbench.plugin import OPTIMIZERS, Optimization, UpdateRule
from cnnbench_torch_native._optimizer import Optimizer

RATES = (0.01, 0.01, 0.002, 0.03)


def tensors(arrays):
    return {name: torch.tensor(w, requires_grad=True) for name, w in arrays.items()}


# The smallest gradients are where the place of epsilon shows.
@pytest.mark.parametrize("size", [1.0, 1e-4, 1e-7])
@pytest.mark.parametrize("largest", [0.0, 1e-7])
@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_steps_follow_the_rule_through_changes_of_the_learning_rate(name, size, largest):
    draw = np.random.default_rng(0)
    chosen = Optimization(name, weight_decay=0.1, global_clipnorm=largest)
    expected = {"kernel": draw.normal(size=(2, 3, 2)), "bias": draw.normal(size=(2, 4))}
    parameters = tensors(expected)
    optimizer, rule = Optimizer(parameters, chosen, 2), UpdateRule(chosen, np, 2)
    kept = rule.start(expected)
    for number, rate in enumerate(RATES, 1):
        gradients = {key: size * draw.normal(size=w.shape) for key, w in expected.items()}
        for key, parameter in parameters.items():
            parameter.grad = torch.tensor(gradients[key])
        optimizer.step(rate)
        assert all(parameter.grad is None for parameter in parameters.values())
        expected, kept = rule.step(expected, gradients, kept, rate, rule.factors(number))
    for key, parameter in parameters.items():
        np.testing.assert_allclose(parameter.detach().numpy(), expected[key], rtol=1e-7, atol=0)


def test_nadam_is_pytorchs_with_the_powers_of_keras():
    draw = np.random.default_rng(1)
    start = draw.normal(size=5)
    ours, theirs = (torch.tensor(start, requires_grad=True) for _ in "ab")
    optimizer = Optimizer({"w": ours}, Optimization("nadam"), 1)
    nadam = torch.optim.NAdam([theirs], lr=0.01, eps=1e-7, momentum_decay=1.0)
    for _ in range(20):
        ours.grad = torch.tensor(draw.normal(size=5))
        theirs.grad = ours.grad.clone()
        optimizer.step(0.01)
        nadam.step()
    # 1 - 0.999^t is right to about 2e-5 in float32, as Keras computes it.
    moves, expected = (x.detach().numpy() - start for x in (ours, theirs))
    np.testing.assert_allclose(moves, expected, rtol=5e-5, atol=1e-7)


@pytest.mark.parametrize("largest", [0.5, 1.9, 2.1, 100.0])
def test_clipping_is_pytorchs_of_which_the_norm_is_exact(largest):
    draw = np.random.default_rng(2)
    start = {"kernel": draw.normal(size=(1, 3, 2)), "bias": draw.normal(size=(1, 4))}
    ours, theirs = tensors(start), tensors(start)
    gradients = {name: draw.normal(size=w.shape) for name, w in start.items()}
    norm = np.sqrt(sum((x**2).sum() for x in gradients.values()))
    for name, gradient in gradients.items():
        ours[name].grad, theirs[name].grad = (torch.tensor(2 * gradient / norm) for _ in "ab")
    Optimizer(ours, Optimization("sgd", global_clipnorm=largest), 1).step(1.0)
    torch.nn.utils.clip_grad_norm_(theirs.values(), largest)
    moved = {name: w - ours[name].detach().numpy() for name, w in start.items()}
    for name, its in theirs.items():
        # PyTorch's own adds 1e-6 to the norm.
        np.testing.assert_allclose(moved[name], its.grad.numpy(), rtol=1e-6)
    length = np.sqrt(sum((x**2).sum() for x in moved.values()))
    assert length == pytest.approx(min(largest, 2.0), rel=1e-12)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_kernels_that_lie_in_memory_as_channels_last_are_updated_in_place(name):
    kernel = torch.randn(4, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    before, place = kernel.clone(), kernel.data_ptr()
    kernel.requires_grad_()
    images = torch.randn(2, 3, 5, 5)
    torch.nn.functional.conv2d(images, kernel).square().sum().backward()
    gradient = kernel.grad.clone()
    Optimizer({"kernel": kernel}, Optimization(name), 1).step(0.5)
    assert kernel.data_ptr() == place
    assert kernel.is_contiguous(memory_format=torch.channels_last)
    # Adam's first step is the learning rate long.
    move = gradient if name == "sgd" else gradient.sign()
    torch.testing.assert_close(kernel.detach(), before - 0.5 * move, rtol=1e-3, atol=1e-3)
