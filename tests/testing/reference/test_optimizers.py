"""The reference's optimisers against Keras's, run in another process, and by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from cnnbench.testing.reference import RULES
from cnnbench.testing.reference.optimizers import clipped
from cnnbench.trials.optimization import Optimization

pytestmark = [
    pytest.mark.framework,
    pytest.mark.skipif(find_spec("keras") is None, reason="Keras is not installed"),
]

KERAS = {
    "sgd": "SGD(0.1)",
    "momentum": "SGD(0.1, momentum=0.8)",
    "rmsprop": "RMSprop(0.1)",
    "adam": "Adam(0.1)",
    "adamw": "AdamW(0.1, weight_decay=0.3)",
    "nesterov": "SGD(0.1, momentum=0.8, nesterov=True)",
    "nadam": "Nadam(0.1)",
    "adagrad": "Adagrad(0.1)",
    "adagrad from 0": "Adagrad(0.1, initial_accumulator_value=0.0)",
    "adamax": "Adamax(0.1)",
    "lion": "Lion(0.1)",
}
RATES = (0.1, 0.1, 0.02)
SCRIPT = """
import json, sys
import keras
import numpy as np
start, gradients, rates, optimizers = json.load(sys.stdin)
paths = {}
for name, text in optimizers.items():
    optimizer = eval("keras.optimizers." + text)
    variable = keras.Variable(np.array(start, "float32"))
    paths[name] = []
    for gradient, rate in zip(gradients, rates):
        optimizer.learning_rate = rate
        optimizer.apply([keras.ops.convert_to_tensor(np.array(gradient, "float32"))], [variable])
        paths[name].append(keras.ops.convert_to_numpy(variable).tolist())
json.dump(paths, sys.stdout)
"""
START = [0.5, -1.0, 2.0, 0.25]
# Of ordinary size, near epsilon, zero, and large.
GRADIENTS = [[0.3, 1e-6, 0.0, 40.0], [-0.2, 3e-6, 1e-7, 10.0], [0.7, -1e-6, 0.0, -20.0]]


CLIPPING = """
import json, sys
import keras
import numpy as np
import torch
gradients, norms = json.load(sys.stdin)
found = {"keras": [], "torch": []}
for norm in norms:
    optimizer = keras.optimizers.SGD(1.0, global_clipnorm=norm)
    variables = [keras.Variable(np.zeros(len(x), "float32")) for x in gradients]
    tensors = [keras.ops.convert_to_tensor(np.array(x, "float32")) for x in gradients]
    optimizer.apply(tensors, variables)
    found["keras"].append([(-keras.ops.convert_to_numpy(x)).tolist() for x in variables])
    parameters = [torch.zeros(len(x), dtype=torch.float64, requires_grad=True) for x in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
    torch.nn.utils.clip_grad_norm_(parameters, norm)
    found["torch"].append([x.grad.tolist() for x in parameters])
json.dump(found, sys.stdout)
"""
NORMS = (0.01, 1.0, 39.0, 41.0, 1e6)
"""That of the gradients is 40.0011."""


@pytest.fixture(scope="module")
def keras_paths():
    return run(SCRIPT, [START, GRADIENTS, RATES, KERAS])


def run(script, given):
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(given),
        env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def optimization(name):
    match name:
        case "nesterov":
            return Optimization("momentum", momentum=0.8, nesterov=True)
        case "adagrad from 0":
            return Optimization("adagrad", initial_accumulator_value=0.0)
        case _:
            return Optimization(name, momentum=0.8, weight_decay=0.3)


@pytest.mark.parametrize("name", KERAS)
def test_three_steps_agree_with_keras(name, keras_paths):
    chosen = optimization(name)
    rule = RULES[chosen.optimizer](chosen)
    w = np.array(START)
    for gradient, rate, theirs in zip(GRADIENTS, RATES, keras_paths[name], strict=True):
        rule.begin_step()
        w = rule.move("w", w, np.array(gradient), rate)
        # Keras computes 1 - 0.999^t in float32, which is right to about 2e-5 of a move.
        np.testing.assert_allclose(w, theirs, rtol=2e-5, atol=5e-6)


def test_clipping_by_hand():
    # Norms 3 and 4, together 5.
    gradients = {"a": np.array([[3.0]]), "b": np.array([0.0, -4.0])}
    halved = clipped(gradients, 2.5)
    assert halved["a"] == pytest.approx(1.5)
    assert halved["b"] == pytest.approx([0.0, -2.0])
    for largest in (5.0, 0.0):
        assert clipped(gradients, largest) is gradients


def test_clipping_is_that_of_keras_and_of_pytorch():
    gradients = [GRADIENTS[0], GRADIENTS[1][:2]]
    found = run(CLIPPING, [gradients, NORMS])
    for largest, keras, pytorch in zip(NORMS, found["keras"], found["torch"], strict=True):
        mine = clipped({str(i): np.array(x) for i, x in enumerate(gradients)}, largest)
        for ours, of_keras, of_pytorch in zip(mine.values(), keras, pytorch, strict=True):
            np.testing.assert_allclose(ours, of_keras, rtol=1e-6)
            # PyTorch adds 1e-6 to the norm.
            np.testing.assert_allclose(ours, of_pytorch, rtol=1e-6 + 1e-6 / largest)


def test_momentum_by_hand():
    rule = RULES["momentum"](Optimization("momentum", momentum=0.5))
    w = rule.move("w", np.array([1.0]), np.array([2.0]), 0.1)
    assert w == pytest.approx([0.8])
    # The velocity is -0.2; half of it stays, and the new gradient adds -0.01 * 4.
    assert rule.move("w", w, np.array([4.0]), 0.01) == pytest.approx([0.8 - 0.1 - 0.04])


def test_nesterovs_momentum_is_sutskevers_from_the_point_looked_ahead_to():
    # theta: where the plain velocity has led; the gradient of w^2 / 2 is taken at w, ahead of it.
    theta, velocity, momentum, lr = 1.0, 0.0, 0.9, 0.1
    rule, w = RULES["momentum"](Optimization("momentum", nesterov=True)), np.array([1.0])
    for _ in range(5):
        ahead = theta + momentum * velocity
        assert w == pytest.approx([ahead])
        velocity = momentum * velocity - lr * ahead
        theta += velocity
        w = rule.move("w", w, w, lr)


def test_adagrad_by_hand():
    rule = RULES["adagrad"](Optimization("adagrad", initial_accumulator_value=7.0))
    w = rule.move("w", np.array([1.0]), np.array([3.0]), 0.4)
    assert w == pytest.approx([1 - 0.4 * 3 / 4])
    assert rule.move("w", w, np.array([-3.0]), 0.5) == pytest.approx([0.7 + 0.5 * 3 / 5])


def test_adamax_by_hand():
    rule = RULES["adamax"](Optimization("adamax"))
    rule.begin_step()
    w = rule.move("w", np.array([1.0]), np.array([-20.0]), 0.01)
    # The first step is the learning rate long.
    assert w == pytest.approx([1.01])
    rule.begin_step()
    # m = 0.9 * -2 + 0.1 * 10 = -0.8, u = 19.98.
    moved = rule.move("w", w, np.array([10.0]), 0.01)
    assert moved == pytest.approx([1.01 + 0.01 / 0.19 * 0.8 / 19.98])


def test_lion_by_hand():
    rule = RULES["lion"](Optimization("lion"))
    w = rule.move("w", np.array([1.0, 1.0, 1.0]), np.array([1.0, -5.0, 0.0]), 0.1)
    assert w == pytest.approx([0.9, 1.1, 1.0])
    # The average is 0.01 g: 0.9 * 0.01 - 0.1 * 0.2 is below 0, 0.9 * -0.05 + 0.1 * 0.2 too.
    w = rule.move("w", w, np.array([-0.2, 0.2, 0.0]), 0.1)
    assert w == pytest.approx([1.0, 1.2, 1.0])


def test_the_first_step_of_adam_is_the_learning_rate_long():
    rule = RULES["adam"](Optimization("adam"))
    rule.begin_step()
    w = rule.move("w", np.array([1.0, 1.0]), np.array([0.5, -20.0]), 0.01)
    assert w == pytest.approx([0.99, 1.01], abs=1e-6)
