"""The compiled functions of a network on JAX, and the state that they work on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import numpy as jnp
from numpy.typing import NDArray

from cnnbench.plugin import Network, Optimization, Weights
from cnnbench_keras._network import build_keras, layer_seed
from cnnbench_keras._optimizer import keras_optimizer


class State(NamedTuple):
    """Values in the order of Keras's variables.

    trainable: what the optimiser moves. other: moving statistics, frozen arrays, dropout's seeds.
    optimizer: its iteration, learning rate and slots.
    """

    trainable: list[jax.Array]
    other: list[jax.Array]
    optimizer: list[jax.Array]


class JaxProgram:
    """Pure functions of a state; Keras's own variables only lend them their names and shapes."""

    def __init__(self, network: Network, optimization: Optimization) -> None:
        self.network = network
        self._soft = optimization.soft_labels
        self._binary = network.output == "sigmoid"
        self._built = build_keras(network, optimization, seed=0, initializer=_blank)
        model = self._built.model
        self._trainable = list(model.trainable_variables)
        self._other = list(model.non_trainable_variables)
        self._optimizer = _placed_slots(keras_optimizer(optimization))
        self._optimizer.build(self._trainable)
        self._slots = list(self._optimizer.variables)
        places = {id(variable): (0, at) for at, variable in enumerate(self._trainable)}
        places |= {id(variable): (1, at) for at, variable in enumerate(self._other)}
        self._places = {
            name: places[id(variable)] for name, variable in self._built.variables.items()
        }
        self._seeds = {
            places[id(variable)][1]: layer for layer, variable in self._built.seeds.items()
        }
        self._rate = next(
            at for at, variable in enumerate(self._slots) if variable.name == "learning_rate"
        )
        self.parameters = int(sum(np.prod(v.shape) for v in self._built.variables.values()))
        self.step = jax.jit(_mapped(self._step), donate_argnums=0)
        self.predict = jax.jit(_mapped(self._predict))
        self.gradient = jax.jit(_mapped(self._gradient))

    def initial_state(self, weights: Weights, seed: int) -> State:
        """These weights, dropout seeded, the optimiser at its start."""
        starts = [on_device(np.asarray(slot.value)) for slot in self._slots]
        state = State(_zeros(self._trainable), _zeros(self._other), starts)
        for at, layer in self._seeds.items():
            state.other[at] = on_device(
                np.array([layer_seed(seed, layer), 0], state.other[at].dtype)
            )
        return self.write(state, weights)

    def read(self, state: State) -> Weights:
        """Every array by its canonical name, copied."""
        return {
            name: np.array(state[part][at], np.float32) for name, (part, at) in self._places.items()
        }

    def write(self, state: State, weights: Weights) -> State:
        """The state with these arrays. Raises KeyError or ValueError if they don't fit."""
        values = (list(state.trainable), list(state.other))
        for name, (part, at) in self._places.items():
            value = on_device(np.asarray(weights[name], np.float32))
            if value.shape != values[part][at].shape:
                raise ValueError(f"{name} is {values[part][at].shape}, not {value.shape}")
            values[part][at] = value
        return State(*values, state.optimizer)

    def with_learning_rate(self, state: State, learning_rate: float) -> State:
        """The states for steps at this rate."""
        optimizer = list(state.optimizer)
        shape = optimizer[self._rate].shape
        optimizer[self._rate] = on_device(np.full(shape, learning_rate, np.float32))
        return state._replace(optimizer=optimizer)

    def blank(self, size: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Images, labels and weights of a batch, to compile for."""
        images = np.zeros((size, *self.network.input_shape), np.float32)
        labels: NDArray[Any] = np.zeros(size, np.int32)
        if self._soft:
            labels = np.zeros((size, self.network.classes), np.float32)
        return images, labels, np.zeros(size, np.float32)

    def _step(
        self, state: State, images: jax.Array, labels: jax.Array, weights: jax.Array
    ) -> tuple[State, jax.Array]:
        objective = partial(self._objective, state.other, images, labels, weights)
        gradients, (other, totals) = jax.grad(objective, has_aux=True)(state.trainable)
        trainable, optimizer = state.trainable, state.optimizer
        if gradients:
            trainable, optimizer = self._optimizer.stateless_apply(optimizer, gradients, trainable)
        return State(trainable, other, optimizer), totals

    def _objective(
        self,
        other: list[jax.Array],
        images: jax.Array,
        labels: jax.Array,
        weights: jax.Array,
        trainable: list[jax.Array],
    ) -> tuple[jax.Array, tuple[list[jax.Array], jax.Array]]:
        scores, moved = self._built.model.stateless_call(trainable, other, images, training=True)
        losses, correct = _judge(scores, labels, self._binary)
        loss = jnp.dot(losses, weights)
        penalty = jnp.zeros(())
        for name, regularizer in self._built.penalties.items():
            part, at = self._places[name]
            penalty += regularizer((trainable, other)[part][at])
        return loss / len(images) + penalty, (moved, jnp.stack([loss, penalty, correct]))

    def _gradient(self, state: State, images: jax.Array, slopes: jax.Array) -> jax.Array:
        _, back = jax.vjp(partial(self._scores, state), images)
        [found] = back(slopes)
        return found

    def _scores(self, state: State, images: jax.Array) -> jax.Array:
        scores, _ = self._built.model.stateless_call(
            state.trainable, state.other, images, training=False
        )
        return scores

    def _predict(self, state: State, images: jax.Array) -> jax.Array:
        scores = self._scores(state, images)
        if self.network.output == "features":
            return scores
        return jax.nn.sigmoid(scores) if self._binary else jax.nn.softmax(scores)


def on_device(array: NDArray[Any]) -> jax.Array:
    """A copy of the array that a step may take over.

    Unlike jnp.array, which compiles a program for every shape that it meets, to stay in memory.
    """
    return jax.device_put(np.array(array))


def padded(images: Any, size: int) -> Any:
    """Images filled up rather than compiled for anew: the rows of a prediction don't touch."""
    if len(images) == size:
        return images
    padding = [(0, size - len(images))] + [(0, 0)] * (images.ndim - 1)
    return on_device(np.pad(np.asarray(images), padding))


def _mapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function for states along a first axis, and sequences of arrays, one each.

    The state of one alone has no such axis: XLA makes a slower program of a batch of one.
    """

    def call(state: State, *given: Sequence[jax.Array]) -> Any:
        if len(given[0]) > 1:
            return jax.vmap(function)(state, *map(jnp.stack, given))
        made = function(state, *(array for [array] in given))
        return (made[0], made[1][None]) if isinstance(made, tuple) else made[None]

    return call


def _blank(shape: tuple[int, ...], dtype: str | None = None) -> jax.Array:
    return on_device(np.zeros(shape, dtype))


def _placed_slots(optimizer: Any) -> Any:
    """The optimiser with slots that nothing is compiled for, which start at zero or a constant."""
    add = optimizer.add_variable

    def add_placed(shape: tuple[int, ...], initializer: Any, **how: Any) -> Any:
        start = getattr(initializer, "value", 0.0)
        return add(shape, lambda size, dtype=None: on_device(np.full(size, start, dtype)), **how)

    optimizer.add_variable = add_placed
    return optimizer


def _zeros(variables: list[Any]) -> list[jax.Array]:
    return [_blank(variable.shape, variable.dtype) for variable in variables]


def _judge(scores: jax.Array, labels: jax.Array, binary: bool) -> tuple[jax.Array, jax.Array]:
    """The loss of each image, and how many scores are highest for their label."""
    soft = labels.ndim > 1
    likely = labels.argmax(axis=-1) if soft else labels
    if binary:
        scores, ones = scores[:, 0], labels[:, 1] if soft else labels
        losses = jax.nn.softplus(scores) - ones * scores
        guesses = scores > 0
    else:
        likelihoods = jax.nn.log_softmax(scores)
        if soft:
            losses = -(labels * likelihoods).sum(axis=-1)
        else:
            losses = -jnp.take_along_axis(likelihoods, labels[:, None], axis=-1)[:, 0]
        guesses = scores.argmax(axis=-1)
    return losses, (guesses == likely).sum().astype(jnp.float32)


class ProgramCache:
    """Programs of the networks last built: a worker's trials mostly differ in their seeds alone."""

    PROGRAMS = 6
    """A compiled program of a small network takes about 40 MB."""
    PARAMETERS = 5_000_000
    """Of all programs together; a parameter takes 4 bytes, and 4 for each slot of the optimiser."""

    def __init__(self) -> None:
        self._programs: OrderedDict[tuple[Network, Optimization], JaxProgram] = OrderedDict()

    def get(self, network: Network, optimization: Optimization) -> JaxProgram:
        """The program of this network, made now if it is not kept."""
        key = (network, optimization)
        program = self._programs.pop(key, None) or JaxProgram(network, optimization)
        self._programs[key] = program
        while len(self._programs) > 1 and self._overfull():
            self._programs.popitem(last=False)
        return program

    def _overfull(self) -> bool:
        parameters = sum(program.parameters for program in self._programs.values())
        return len(self._programs) > self.PROGRAMS or parameters > self.PARAMETERS
