"""Keras on JAX."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from typing import Any

import jax

from cnnbench.plugin import (
    Batches,
    Engine,
    EpochResult,
    Model,
    Network,
    Optimization,
    PluginError,
    ResidentSplits,
    StackedModel,
    StepModel,
    Weights,
)
from cnnbench_keras._jax_program import (
    JaxProgram,
    OnDevice,
    ProgramCache,
    on_device,
    padded,
)
from cnnbench_keras._jax_stack import JaxStack


class JaxEngine(Engine):
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

    def build(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int
    ) -> Model:
        """A model with a state of its own; models of the same network share what is compiled."""
        program = self._program(network, optimization, models=1)
        return JaxModel(program, weights, seed, self._resident)

    def build_stacked(
        self,
        network: Network,
        weights: Sequence[Weights],
        optimization: Optimization,
        seeds: Sequence[int],
    ) -> StackedModel:
        """As many states, which one program takes on together."""
        program = self._program(network, optimization, models=len(seeds))
        return JaxStack(program, weights, seeds, self._resident)

    def _program(self, network: Network, optimization: Optimization, models: int) -> JaxProgram:
        # Keras's layers hold each other in cycles, which only the collector frees.
        gc.collect()
        if self._resident:
            self._resident.models = models
        return self._programs.get(network, optimization)


class JaxModel(OnDevice, StepModel):
    """The state of a model, which each step takes and gives back changed."""

    def __init__(
        self, program: JaxProgram, weights: Weights, seed: int, resident: ResidentSplits | None
    ) -> None:
        self.resident = resident
        self._program = program
        self._state = program.initial_state(weights, seed)

    def compile(self, batches: Batches) -> None:
        """Compile a step for whole batches and for the rest, and a prediction of whole batches."""
        for size in batches.sizes:
            given = map(on_device, self._program.blank(size))
            # The step takes over the state it is given.
            state = jax.tree.map(on_device, self._state)
            jax.block_until_ready(self._program.step(state, *given))
        images = on_device(self._program.blank(batches.batch_size)[0])
        jax.block_until_ready(self._program.predict(self._state, images))

    def get_weights(self) -> Weights:
        """Every array, copied."""
        return self._program.read(self._state)

    def set_weights(self, weights: Weights) -> None:
        """Replace every array."""
        self._state = self._program.write(self._state, weights)

    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """Take one optimiser step a batch, all with this learning rate."""
        self._state = self._program.with_learning_rate(self._state, learning_rate)
        return super().train_epoch(batches, learning_rate)

    def train_step(self, images: Any, labels: Any, weights: Any) -> Any:
        """One optimiser step; its totals stay on the device."""
        self._state, totals = self._program.step(self._state, images, labels, weights)
        return totals

    def predict_step(self, images: Any, batch_size: int) -> Any:
        """Probabilities of one batch."""
        return self._program.predict(self._state, padded(images, batch_size))

    def gradient_step(self, images: Any, slopes: Any) -> Any:
        """By the images of one batch."""
        return self._program.gradient(self._state, images, slopes)
