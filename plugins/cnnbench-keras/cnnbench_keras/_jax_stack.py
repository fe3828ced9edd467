"""Replicates of a network as one program, made by JAX of that of a single one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from cnnbench.plugin import EpochResult, Passes, ResidentSplits, StackedStepModel, Weights
from cnnbench_keras._jax_program import JaxProgram, OnDevice, State, on_device, padded


class JaxStack(OnDevice, StackedStepModel):
    """The states of all replicates, along a first axis."""

    def __init__(
        self,
        program: JaxProgram,
        weights: Sequence[Weights],
        seeds: Sequence[int],
        resident: ResidentSplits | None,
    ) -> None:
        self.resident = resident
        self.count = len(weights)
        self._program = program
        states = map(program.initial_state, weights, seeds)
        self._state = jax.tree.map(lambda *x: on_device(np.stack(x)), *states)

    def compile(self, passes: Passes) -> None:
        """Compile a step for whole batches and for the rest, and a prediction of whole batches."""
        batches = next(iter(passes.values()))
        for size in batches.sizes:
            given = [(on_device(x),) * self.count for x in self._program.blank(size)]
            # The step takes over the state it is given.
            state = jax.tree.map(on_device, self._state)
            jax.block_until_ready(self._program.stacked_step(state, *given))
        images = (on_device(self._program.blank(batches.batch_size)[0]),) * self.count
        jax.block_until_ready(self._program.stacked_predict(self._state, images))

    def train_epoch(self, passes: Passes, learning_rate: float) -> dict[int, EpochResult]:
        """Take one optimiser step a batch, all with this learning rate."""
        self._state = self._program.with_learning_rate(self._state, learning_rate)
        return super().train_epoch(passes, learning_rate)

    def train_step(
        self, images: Sequence[Any], labels: Sequence[Any], weights: Sequence[Any]
    ) -> Any:
        """One optimiser step of each; the totals stay on the device."""
        self._state, totals = self._program.stacked_step(self._state, images, labels, weights)
        return totals

    def predict_step(self, images: Sequence[Any], batch_size: int) -> Any:
        """Probabilities of one batch of each."""
        filled = tuple(padded(x, batch_size) for x in images)
        return self._program.stacked_predict(self._state, filled)

    def get_weights(self, replicate: int) -> Weights:
        """Every array of one, copied."""
        return self._program.read(self._of(replicate))

    def set_weights(self, replicate: int, weights: Weights) -> None:
        """Replace every array of one."""

        def put(whole: jax.Array, part: jax.Array) -> jax.Array:
            array = np.array(whole)
            array[replicate] = part
            return on_device(array)

        changed = self._program.write(self._of(replicate), weights)
        without = self._state._replace(optimizer=[])
        moved = jax.tree.map(put, without, changed)
        self._state = moved._replace(optimizer=self._state.optimizer)

    def _of(self, replicate: int) -> State:
        """The arrays of one, without what the optimiser keeps of them."""
        without = self._state._replace(optimizer=[])
        state: State = jax.tree.map(lambda x: np.asarray(x)[replicate], without)
        return state
