"""Updates against the formulas of `Optimization`, over steps whose learning rate changes."""

import numpy as np
import pytest
import torch

from cnnbench.plugin import Optimization
from cnnbench_torch_native._optimizer import Optimizer

RATES = (0.01, 0.01, 0.002, 0.03)


class Sgd:
    def __call__(self, w, g, lr):
        return w - lr * g


class Momentum:
    v = 0.0

    def __call__(self, w, g, lr):
        self.v = 0.8 * self.v - lr * g
        return w + self.v


class RMSprop:
    s = 0.0

    def __call__(self, w, g, lr):
        self.s = 0.9 * self.s + 0.1 * g**2
        return w - lr * g / np.sqrt(self.s + 1e-7)


class Adam:
    m, s, t = 0.0, 0.0, 0

    def __call__(self, w, g, lr):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.s = 0.999 * self.s + 0.001 * g**2
        # The corrections in float32, as Keras computes them.
        first, second = (1 - np.float32(beta) ** self.t for beta in (0.9, 0.999))
        rate = lr * float(np.sqrt(second) / first)
        return w - rate * self.m / (np.sqrt(self.s) + 1e-7)


class Nesterov:
    v = 0.0

    def __call__(self, w, g, lr):
        self.v = 0.8 * self.v - lr * g
        return w + 0.8 * self.v - lr * g


class Nadam:
    """Dozat's, with Keras's powers of 0.96; what PyTorch's NAdam does for momentum_decay=1."""

    m, s, t, p = 0.0, 0.0, 0, 1.0

    def __call__(self, w, g, lr):
        self.t += 1
        now, following = (0.9 * (1 - 0.5 * 0.96**t) for t in (self.t, self.t + 1))
        self.p *= now
        self.m = 0.9 * self.m + 0.1 * g
        self.s = 0.999 * self.s + 0.001 * g**2
        mean = following * self.m / (1 - self.p * following)
        gradient = (1 - now) * g / (1 - self.p)
        root = np.sqrt(self.s / float(1 - np.float32(0.999) ** self.t))
        return w - lr * (mean + gradient) / (root + 1e-7)


class Adagrad:
    s = 0.3

    def __call__(self, w, g, lr):
        self.s = self.s + g**2
        return w - lr * g / np.sqrt(self.s + 1e-7)


class Adamax:
    m, u, t = 0.0, 0.0, 0

    def __call__(self, w, g, lr):
        self.t += 1
        self.m = 0.9 * self.m + 0.1 * g
        self.u = np.maximum(0.999 * self.u, abs(g))
        return w - lr * self.m / ((1 - 0.9**self.t) * (self.u + 1e-7))


class Lion:
    m = 0.0

    def __call__(self, w, g, lr):
        step = np.sign(0.9 * self.m + 0.1 * g)
        self.m = 0.99 * self.m + 0.01 * g
        return w - lr * step


class AdamW(Adam):
    def __call__(self, w, g, lr):
        return super().__call__(w - lr * 0.1 * w, g, lr)


def test_float32_corrections_are_the_formula_but_for_rounding():
    for step in (1, 2, 10, 1000):
        first, second = (1 - np.float32(beta) ** step for beta in (0.9, 0.999))
        exact = np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        assert np.sqrt(second) / first == pytest.approx(exact, rel=2e-5)


FORMULAS = {
    "sgd": Sgd,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": Nadam,
    "adagrad": Adagrad,
    "adamax": Adamax,
    "lion": Lion,
}


def optimization(name):
    if name == "nesterov":
        return Optimization("momentum", momentum=0.8, nesterov=True)
    return Optimization(name, momentum=0.8, weight_decay=0.1, initial_accumulator_value=0.3)


# The smallest gradients are where the place of epsilon shows.
@pytest.mark.parametrize("size", [1.0, 1e-4, 1e-7])
@pytest.mark.parametrize("name", FORMULAS)
def test_steps_follow_the_formula_through_changes_of_the_learning_rate(name, size):
    draw = np.random.default_rng(0)
    start = [draw.normal(size=(3, 2)), draw.normal(size=4)]
    gradients = [[size * draw.normal(size=w.shape) for w in start] for _ in RATES]
    parameters = [torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in start]
    optimizer = Optimizer(parameters, optimization(name))
    formulas = [FORMULAS[name]() for _ in start]
    expected = list(start)
    for rate, step in zip(RATES, gradients, strict=True):
        for parameter, gradient in zip(parameters, step, strict=True):
            parameter.grad = torch.tensor(gradient)
        optimizer.step(rate)
        moves = zip(formulas, expected, step, strict=True)
        expected = [formula(w, g, rate) for formula, w, g in moves]
    for parameter, w in zip(parameters, expected, strict=True):
        np.testing.assert_allclose(parameter.detach().numpy(), w, rtol=1e-7, atol=0)


def test_nadam_is_pytorchs_with_the_powers_of_keras():
    draw = np.random.default_rng(1)
    start = draw.normal(size=5)
    ours, theirs = (torch.tensor(start, dtype=torch.float64, requires_grad=True) for _ in "ab")
    optimizer = Optimizer([ours], Optimization("nadam"))
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
    start = [draw.normal(size=(1, 3, 2)), draw.normal(size=(1, 4))]
    ours, theirs = (
        [torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in start] for _ in "ab"
    )
    gradients = [draw.normal(size=w.shape) for w in start]
    norm = np.sqrt(sum((x**2).sum() for x in gradients))
    for mine, its, gradient in zip(ours, theirs, gradients, strict=True):
        mine.grad, its.grad = (torch.tensor(2 * gradient / norm) for _ in "ab")
    Optimizer(ours, Optimization("sgd", global_clipnorm=largest)).step(1.0)
    torch.nn.utils.clip_grad_norm_(theirs, largest)
    for mine, its, w in zip(ours, theirs, start, strict=True):
        # PyTorch's own adds 1e-6 to the norm.
        np.testing.assert_allclose(w - mine.detach().numpy(), its.grad.numpy(), rtol=1e-6)
    moved = [mine.detach().numpy() - w for mine, w in zip(ours, start, strict=True)]
    assert np.sqrt(sum((x**2).sum() for x in moved)) == pytest.approx(min(largest, 2.0), rel=1e-12)


def test_kernels_that_lie_in_memory_as_channels_last_are_updated_in_place():
    kernel = torch.randn(4, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    before = kernel.clone()
    kernel.requires_grad_()
    images = torch.randn(2, 3, 5, 5)
    torch.nn.functional.conv2d(images, kernel).square().sum().backward()
    gradient = kernel.grad.clone()
    Optimizer([kernel], Optimization("sgd")).step(0.5)
    torch.testing.assert_close(kernel.detach(), before - 0.5 * gradient)
