"""The optimisers for arrays of any framework against the reference, which is written apart."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

from cnnbench.plugin import OPTIMIZERS, Optimization, UpdateRule
from cnnbench.testing.reference import RULES
from cnnbench.testing.reference.optimizers import clipped

RATES = (0.01, 0.01, 0.002, 0.03)
CHOICES = {name: {"optimizer": name} for name in sorted(OPTIMIZERS)} | {
    "nesterov": {"optimizer": "momentum", "nesterov": True},
    "adagrad from 0": {"optimizer": "adagrad", "initial_accumulator_value": 0.0},
}
OTHERS = {"momentum": 0.8, "weight_decay": 0.1, "initial_accumulator_value": 0.3}
EXACT = {"sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adagrad from 0", "lion"}
"""Those without factors that Keras has in float32."""


def optimization(name, **more):
    return Optimization(**OTHERS | CHOICES[name] | more)


def drawn(size, seed=0):
    """Arrays, and their gradients at each step."""
    draw = np.random.default_rng(seed)
    arrays = {"a/kernel": draw.normal(size=(3, 2)), "a/bias": draw.normal(size=4)}
    steps = [{name: size * draw.normal(size=w.shape) for name, w in arrays.items()} for _ in RATES]
    return arrays, steps


def followed(rule, arrays, steps):
    """The arrays after all steps of a rule that does not clip."""
    kept = rule.start(arrays)
    for number, (rate, gradients) in enumerate(zip(RATES, steps, strict=True), 1):
        arrays, kept = rule.step(arrays, gradients, kept, rate, rule.factors(number))
    return arrays


def followed_by_the_reference(chosen, arrays, steps):
    rule = RULES[chosen.optimizer](chosen)
    for rate, gradients in zip(RATES, steps, strict=True):
        rule.begin_step()
        arrays = {name: rule.move(name, w, gradients[name], rate) for name, w in arrays.items()}
    return arrays


# The smallest gradients are where the place of epsilon shows.
@pytest.mark.parametrize("size", [1.0, 1e-4, 1e-7])
@pytest.mark.parametrize("name", CHOICES)
def test_steps_are_those_of_the_reference_through_changes_of_the_learning_rate(name, size):
    arrays, steps = drawn(size)
    chosen = optimization(name)
    moved = followed(UpdateRule(chosen, np), arrays, steps)
    expected = followed_by_the_reference(chosen, arrays, steps)
    for key, start in arrays.items():
        moves = expected[key] - start
        tolerance = 1e-9 if name in EXACT else 5e-5
        np.testing.assert_allclose(
            moved[key] - start, moves, rtol=tolerance, atol=1e-14 + tolerance * abs(moves).mean()
        )


@pytest.mark.framework
@pytest.mark.parametrize("module", ["torch", "jax.numpy"])
@pytest.mark.parametrize("name", CHOICES)
def test_arrays_of_a_framework_move_as_those_of_numpy(name, module):
    if find_spec(module.partition(".")[0]) is None:
        pytest.skip(f"{module} is not installed")
    functions = import_module(module)
    make = functions.asarray
    arrays, steps = drawn(1.0)
    chosen = optimization(name, global_clipnorm=1.5)
    moved = followed(
        UpdateRule(chosen, functions),
        {key: make(x.astype(np.float32)) for key, x in arrays.items()},
        [{key: make(x.astype(np.float32)) for key, x in step.items()} for step in steps],
    )
    expected = followed(UpdateRule(chosen, np), arrays, steps)
    for key, start in arrays.items():
        np.testing.assert_allclose(np.asarray(moved[key]), expected[key], rtol=0, atol=1e-6)
        assert abs(expected[key] - start).max() > 1e-3


@pytest.mark.framework
@pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")
@pytest.mark.parametrize("name", CHOICES)
def test_one_compiled_step_does_for_all_steps(name):
    import jax
    from jax import numpy as jnp

    arrays, steps = drawn(1.0)
    rule = UpdateRule(optimization(name, global_clipnorm=1.5), jnp)
    compiled = jax.jit(rule.step)
    given = {key: jnp.asarray(x, jnp.float32) for key, x in arrays.items()}
    kept = rule.start(given)
    for number, (rate, gradients) in enumerate(zip(RATES, steps, strict=True), 1):
        given, kept = compiled(given, gradients, kept, rate, rule.factors(number))
    assert compiled._cache_size() == 1
    expected = followed(rule, arrays, steps)
    for key in arrays:
        np.testing.assert_allclose(given[key], expected[key], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", CHOICES)
def test_nothing_that_a_step_is_given_changes(name):
    arrays, steps = drawn(1.0)
    rule = UpdateRule(optimization(name, global_clipnorm=0.5), np)
    kept = rule.start(arrays)
    given = [*arrays.values(), *steps[0].values(), *(x for slots in kept.values() for x in slots)]
    before = [x.copy() for x in given]
    rule.step(arrays, steps[0], kept, 0.1, rule.factors(1))
    for now, then in zip(given, before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("step", [1, 2, 10, 1000])
def test_factors_are_the_formulas_but_for_keras_rounding(step):
    first, second = 1 - 0.9**step, 1 - 0.999**step
    shares = [0.9 * (1 - 0.96**t / 2) for t in range(1, step + 2)]
    product = np.prod(shares[:-1])
    expected = {
        "adam": [np.sqrt(second) / first],
        "adamw": [np.sqrt(second) / first],
        "adamax": [1 / first],
        "nadam": [
            shares[-1] / (1 - product * shares[-1]),
            (1 - shares[-2]) / (1 - product),
            second,
        ],
    }
    for name in OPTIMIZERS:
        found = UpdateRule(Optimization(name), np).factors(step)
        assert found == pytest.approx(expected.get(name, []), rel=2e-5)


def test_corrections_are_rounded_as_keras_computes_them():
    [correction] = UpdateRule(Optimization("adam"), np).factors(1)
    exact = np.sqrt(0.001) / 0.1
    rounded = np.sqrt(1 - np.float32(0.999)) / (1 - np.float32(0.9))
    assert correction == float(rounded)
    assert abs(correction / exact - 1) > 1e-6


def test_nadam_stays_as_fast_after_any_number_of_steps():
    rule = UpdateRule(Optimization("nadam"), np)
    assert rule.factors(10**9) == pytest.approx((0.9, 0.1, 1.0))
    assert rule.factors(3000)[:2] == rule.factors(2000)[:2]


@pytest.mark.parametrize("largest", [0.0, 0.5, 3.9, 4.1, 100.0])
def test_each_replicate_is_clipped_by_its_own_norm(largest):
    _, [gradients, others, *_] = drawn(2.0)
    stacked = {name: np.stack([x, others[name]]) for name, x in gradients.items()}
    found = UpdateRule(Optimization(global_clipnorm=largest), np, replicates=2).clip(stacked)
    for replicate, alone in enumerate((gradients, others)):
        for name, expected in clipped(alone, largest).items():
            np.testing.assert_allclose(found[name][replicate], expected, rtol=1e-12)


def test_gradients_of_nothing_and_of_nan_are_not_made_up():
    rule = UpdateRule(Optimization("sgd", global_clipnorm=1.0), np)
    assert rule.step({}, {}, rule.start({}), 0.1, ()) == ({}, {})
    still = {"a": np.zeros(3)}
    np.testing.assert_array_equal(rule.clip(still)["a"], 0)
    broken = rule.clip({"a": np.array([np.nan, 1.0]), "b": np.ones(2)})
    assert all(np.isnan(x).all() for x in broken.values())
