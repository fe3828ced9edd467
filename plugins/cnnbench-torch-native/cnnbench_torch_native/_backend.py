"""The engine, and the model: arrays by canonical name, steps between maps, an optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from operator import getitem
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cnnbench.plugin import (
    Network,
    Optimization,
    PluginError,
    ResidentSplits,
    StackedEngine,
    StackedModel,
    StackedStepModel,
    Weights,
    by_layer,
    penalized_kernels,
    trainable_arrays,
)
from cnnbench_torch_native._layers import Forward
from cnnbench_torch_native._optimizer import Optimizer

KERNEL = 5
"""Axes of the kernels of a convolution: (replicates, height, width, in, out)."""


class TorchEngine(StackedEngine):
    """PyTorch on the CPU or one GPU."""

    def __init__(self, device: str, threads: int) -> None:
        self._cuda = device != "cpu" and torch.cuda.is_available()
        if device == "gpu" and not self._cuda:
            raise PluginError(
                'torch-native finds no GPU here: use device "cpu", or install a build of torch for '
                "your GPU and its driver"
            )
        torch.set_num_threads(threads)
        self._resident: ResidentSplits | None = None
        if self._cuda:
            torch.use_deterministic_algorithms(mode=True)
            torch.utils.deterministic.fill_uninitialized_memory = False
            # float32 is to mean float32; TensorFloat-32 keeps ten bits of a product's mantissa.
            torch.backends.cudnn.allow_tf32 = False
            self._resident = ResidentSplits(partial(torch.tensor, device="cuda"), getitem)
        self.device = torch.cuda.get_device_name() if self._cuda else "cpu"
        self.versions = {"torch": torch.__version__}

    def build_stacked(
        self,
        network: Network,
        weights: Sequence[Weights],
        optimization: Optimization,
        seeds: Sequence[int],
    ) -> StackedModel:
        """Replicates side by side; the peak of memory counts anew."""
        if self._cuda:
            torch.cuda.reset_peak_memory_stats()
        device = "cuda" if self._cuda else "cpu"
        dropout = [torch.Generator(device).manual_seed(seed) for seed in seeds]
        return TorchStack(network, weights, optimization, dropout, self._resident)

    def device_memory(self) -> int | None:
        """Peak bytes of the tensors on the GPU since the last build."""
        return torch.cuda.max_memory_allocated() if self._cuda else None


class TorchStack(StackedStepModel):
    """Replicates of a network on the device of their dropout's generators, or one alone."""

    def __init__(
        self,
        network: Network,
        weights: Sequence[Weights],
        optimization: Optimization,
        dropout: Sequence[torch.Generator],
        resident: ResidentSplits | None,
    ) -> None:
        self.resident = resident
        self.count = len(weights)
        self._device = dropout[0].device
        self._output = network.output
        self._half = optimization.precision == "bfloat16"
        self._arrays = {name: self._stacked([x[name] for x in weights]) for name in weights[0]}
        names = trainable_arrays(network, optimization.frozen)
        self._trainable = {name: self._arrays[name].requires_grad_() for name in names}
        self._penalized = [(self._arrays[k], *p) for k, p in penalized_kernels(network).items()]
        self._prediction = Forward(network, by_layer(self._arrays), self.count)
        self._training = replace(self._prediction, frozen=optimization.frozen, dropout=dropout)
        self._optimizer = Optimizer(self._trainable, optimization, self.count)

    def _stacked(self, arrays: Sequence[NDArray[np.float32]]) -> Tensor:
        """Along a first axis; kernels of convolutions lie in memory as PyTorch wants them, OHWI."""
        stacked = torch.tensor(np.stack(arrays), device=self._device)
        if stacked.ndim == KERNEL:
            return stacked.movedim(-1, 1).contiguous().movedim(1, -1)
        return stacked

    def put(self, array: NDArray[Any]) -> Tensor:
        """The array on the device, shared with NumPy on a CPU."""
        return torch.from_numpy(array).to(self._device, non_blocking=True)

    def fetch(self, arrays: Sequence[Tensor]) -> list[NDArray[Any]]:
        """What the steps left on the device."""
        return [array.cpu().numpy() for array in arrays]

    def synchronize(self) -> None:
        """Wait for the GPU."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()

    def train_step(
        self, images: Sequence[Tensor], labels: Sequence[Tensor], weights: Sequence[Tensor]
    ) -> Tensor:
        """One step of each; what one loses has no slope in the arrays of another."""
        scores, truth = self._scores(images, self._training).flatten(0, 1), torch.cat([*labels])
        soft = truth.is_floating_point()
        losses = functional.cross_entropy(scores, truth if soft else truth.long(), reduction="none")
        hits = scores.argmax(dim=1) == (truth.argmax(dim=1) if soft else truth)
        loss = (losses.view(self.count, -1) * torch.stack([*weights])).sum(1)
        penalty = torch.zeros(self.count, device=self._device)
        for kernel, l1, l2 in self._penalized:
            each = kernel.flatten(1)
            penalty = penalty + l1 * each.abs().sum(1) + l2 * each.square().sum(1)
        if self._trainable:
            (loss / len(images[0]) + penalty).sum().backward()
        self._optimizer.step(self.learning_rate)
        return torch.stack(
            [loss.detach(), penalty.detach(), hits.view(self.count, -1).sum(1)], dim=1
        )

    def predict_step(self, images: Sequence[Tensor], batch_size: int) -> Tensor:  # noqa: ARG002 - any size will do
        """Probabilities of one batch of each, or what the last layer makes."""
        with torch.inference_mode():
            scores = self._scores(images, self._prediction)
            if self._output == "features":
                return scores
            probabilities = scores.softmax(dim=-1)
            return probabilities[..., 1:] if self._output == "sigmoid" else probabilities

    def gradients(
        self, replicate: int, images: NDArray[np.float32], slopes: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """By the images, which all replicates are given."""
        given, weights = self.put(images).requires_grad_(), self.put(slopes)
        if self._output == "sigmoid":
            weights = functional.pad(weights, (1, 0))
        scores = self._scores([given] * self.count, self._prediction)[replicate]
        [found] = self.fetch(torch.autograd.grad(scores, given, weights))
        return found

    def get_weights(self, replicate: int) -> Weights:
        """Every array of one, copied."""
        return {
            name: np.array(array[replicate].detach().cpu().numpy(), order="C")
            for name, array in self._arrays.items()
        }

    def set_weights(self, replicate: int, weights: Weights) -> None:
        """Replace every array of one."""
        with torch.no_grad():
            for name, array in self._arrays.items():
                array[replicate].copy_(torch.tensor(weights[name]))

    def _scores(self, images: Sequence[Tensor], forward: Forward) -> Tensor:
        """(replicates, images, classes); a single unit's is beside a zero, the score of class 0."""
        beside = torch.cat([*images], dim=-1) if self.count > 1 else images[0]
        # Entered anew for each batch: autocast holds on to its copies of the weights while open.
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            x = forward(beside.permute(0, 3, 1, 2))
        scores = forward.apart(x).movedim(-2, 0).float()
        return functional.pad(scores, (1, 0)) if self._output == "sigmoid" else scores
