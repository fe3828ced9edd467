"""Keras on JAX."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from cnnbench.plugin import (
    EpochResult,
    Network,
    Optimization,
    Passes,
    PluginError,
    ResidentSplits,
    StackedEngine,
    StackedModel,
    StackedStepModel,
    Weights,
)
from cnnbench_keras._jax_program import JaxProgram, ProgramCache, State, on_device, padded


class JaxEngine(StackedEngine):
    """JAX on the CPU or on one GPU; what it uses of the CPU was set before its import."""

    def __init__(self, device: str, versions: Mapping[str, str]) -> None:
        jax.config.update("jax_platforms", "cuda" if device == "gpu" else "cpu")
        try:
            found = jax.devices()[0]
        except RuntimeError as error:
            raise PluginError(
                f'JAX finds no {device} here ({error}): use device "cpu", or install jax[cuda13]'
            ) from error
        self.versions = versions
        self.device = "cpu" if found.platform == "cpu" else str(found.device_kind)
        self._programs = ProgramCache()
        self._resident: ResidentSplits | None = None
        if found.platform != "cpu":
            self._resident = ResidentSplits(jax.device_put, lambda array, rows: array[rows])

    def build_stacked(
        self,
        network: Network,
        weights: Sequence[Weights],
        optimization: Optimization,
        seeds: Sequence[int],
    ) -> StackedModel:
        """As many states, which one program takes on; stacks of a network share it."""
        # Keras's layers hold each other in cycles, which only the collector frees.
        gc.collect()
        program = self._programs.get(network, optimization)
        return JaxStack(program, weights, seeds, self._resident)


class JaxStack(StackedStepModel):
    """The states of all replicates, along a first axis if there are several."""

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
        states = [*map(program.initial_state, weights, seeds)]
        self._state = states[0]
        if self.count > 1:
            self._state = jax.tree.map(lambda *x: on_device(np.stack(x)), *states)

    def put(self, array: NDArray[Any]) -> Any:
        """The array on the device."""
        return jax.device_put(array)

    def fetch(self, arrays: Sequence[Any]) -> list[NDArray[Any]]:
        """Arrays from the device, which are waited for."""
        return jax.device_get(list(arrays))  # type: ignore[no-any-return]

    def synchronize(self) -> None:
        """Wait for the state that the last step leaves."""
        jax.block_until_ready(self._state)

    def compile(self, passes: Passes) -> None:
        """Compile a step for whole batches and for the rest, and a prediction of whole batches."""
        batches = next(iter(passes.values()))
        for size in batches.sizes:
            given = [(on_device(x),) * self.count for x in self._program.blank(size)]
            # The step takes over the state it is given.
            state = jax.tree.map(on_device, self._state)
            jax.block_until_ready(self._program.step(state, *given))
        images = (on_device(self._program.blank(batches.batch_size)[0]),) * self.count
        jax.block_until_ready(self._program.predict(self._state, images))

    def train_epoch(self, passes: Passes, learning_rate: float) -> dict[int, EpochResult]:
        """Take one optimiser step a batch, all with this learning rate."""
        self._state = self._program.with_learning_rate(self._state, learning_rate)
        return super().train_epoch(passes, learning_rate)

    def train_step(
        self, images: Sequence[Any], labels: Sequence[Any], weights: Sequence[Any]
    ) -> Any:
        """One optimiser step of each; the totals stay on the device."""
        self._state, totals = self._program.step(self._state, images, labels, weights)
        return totals

    def predict_step(self, images: Sequence[Any], batch_size: int) -> Any:
        """Probabilities of one batch of each."""
        filled = tuple(padded(x, batch_size) for x in images)
        return self._program.predict(self._state, filled)

    def gradients(
        self, replicate: int, images: NDArray[np.float32], slopes: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """By the images, which all replicates are given."""
        given = ((on_device(x),) * self.count for x in (images, slopes))
        [found] = self.fetch([self._program.gradient(self._state, *given)])
        gradients: NDArray[np.float32] = found[replicate]
        return gradients

    def get_weights(self, replicate: int) -> Weights:
        """Every array of one, copied."""
        return self._program.read(self._of(replicate))

    def set_weights(self, replicate: int, weights: Weights) -> None:
        """Replace every array of one."""

        def put(whole: jax.Array, part: jax.Array) -> jax.Array:
            array = np.array(whole)
            array.reshape(self.count, *part.shape)[replicate] = part
            return on_device(array)

        changed = self._program.write(self._of(replicate), weights)
        without = self._state._replace(optimizer=[])
        moved = jax.tree.map(put, without, changed)
        self._state = moved._replace(optimizer=self._state.optimizer)

    def _of(self, replicate: int) -> State:
        """The arrays of one, without what the optimiser keeps of them."""
        without = self._state._replace(optimizer=[])
        if self.count == 1:
            return without
        state: State = jax.tree.map(lambda x: np.asarray(x)[replicate], without)
        return state
