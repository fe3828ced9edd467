from __future__ import annotations

import numpy as np
import pytest

from cnnbench.plugin import OPTIMIZERS

BACKENDS = ("torch", "tensorflow", "jax")
backends = pytest.mark.parametrize("backend", BACKENDS)


@backends
def test_a_network_has_as_many_parameters_as_keras_counts(observe, backend):
    seen = observe(backend)
    # conv 60, conv 200, dense 876, dense 130
    assert seen["parameters"] == seen["keras parameters"] == 1266


@backends
def test_predictions_are_those_of_a_keras_model_with_the_same_weights(observe, backend):
    seen = observe(backend)
    assert seen["probabilities"].dtype == np.float32
    np.testing.assert_allclose(seen["probabilities"], seen["keras probabilities"], atol=1e-6)


@backends
@pytest.mark.parametrize("optimizer", sorted({*OPTIMIZERS, "nesterov", "clipped"}))
def test_two_steps_move_the_weights_where_keras_moves_them(observe, backend, optimizer):
    seen = observe(backend)
    np.testing.assert_allclose(seen[optimizer], seen[f"keras {optimizer}"], atol=2e-5)


def test_the_loss_before_training_is_the_same_on_every_backend(observe):
    losses = [float(observe(backend)["loss before"]) for backend in BACKENDS]
    assert max(losses) - min(losses) < 1e-5


def test_the_loss_after_an_epoch_without_dropout_agrees_within_a_percent(observe):
    losses = [float(observe(backend)["loss after"]) for backend in BACKENDS]
    assert max(losses) / min(losses) < 1.01
    assert max(losses) < float(observe("torch")["loss before"])


@backends
def test_the_same_training_twice_gives_the_same_bits(observe, backend):
    seen = observe(backend)
    assert np.array_equal(seen["trained"], seen["trained again"])


@backends
def test_another_process_gives_the_same_bits(observe, backend):
    assert np.array_equal(observe(backend)["trained"], observe(backend, "repeated")["trained"])


@pytest.mark.parametrize(
    ("backend", "count"),
    [
        # A graph for training and one for prediction, for any number of images.
        ("tensorflow", 2),
        # A step for whole batches and one for the rest, a prediction of a batch and of an image.
        ("jax", 4),
    ],
)
def test_two_models_passes_and_a_single_image_compile_no_more_than_needed(observe, backend, count):
    assert observe(backend)["compiled"] == count


@pytest.mark.parametrize(("backend", "kept"), [("torch", 0), ("tensorflow", 0), ("jax", 6)])
def test_models_that_are_gone_leave_the_memory(observe, backend, kept):
    # JAX keeps the programs of the last networks, to compile less.
    assert observe(backend)["kept"] <= kept
