"""Keras on PyTorch."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch.nn import functional

from cnnbench.plugin import (
    Batches,
    Engine,
    EpochResult,
    Model,
    Network,
    Optimization,
    ResidentSplits,
    StepModel,
    Weights,
)
from cnnbench_keras._network import KerasNetwork, build_keras
from cnnbench_keras._optimizer import keras_optimizer


class TorchEngine(Engine):
    """PyTorch on the CPU or on one GPU."""

    def __init__(self, device: str, threads: int, versions: Mapping[str, str]) -> None:
        torch.set_num_threads(threads)
        self._gpu = device == "gpu"
        self._device = torch.device("cuda" if self._gpu else "cpu")
        self.versions = versions
        self.device = torch.cuda.get_device_name(0) if self._gpu else "cpu"
        self._resident: ResidentSplits | None = None
        if self._gpu:
            torch.use_deterministic_algorithms(mode=True)
            torch.backends.cudnn.benchmark = False
            # Copied, as the arrays of a pass are read-only, which PyTorch has no notion of.
            self._resident = ResidentSplits(
                lambda array: torch.tensor(array, device=self._device),
                lambda array, rows: array[rows],
            )

    def build(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int
    ) -> Model:
        """A model of its own; nothing of an earlier one is shared."""
        # Keras's layers hold each other in cycles, which only the collector frees.
        gc.collect()
        if self._gpu:
            torch.cuda.reset_peak_memory_stats()
        # Keras copies maps to and fro between the layouts when its layers are channels_last. With
        # channels_first layers over an NHWC image PyTorch itself keeps the maps in its
        # channels_last memory format throughout: nothing is copied, a step takes half the time.
        built = build_keras(network, optimization, seed, data_format="channels_first")
        built.set_weights(weights)
        return TorchModel(built, network.output, optimization, self._device, self._resident)

    def device_memory(self) -> int | None:
        """Peak bytes of the tensors on the GPU since the last build."""
        return torch.cuda.max_memory_allocated() if self._gpu else None


class TorchModel(StepModel):
    """Forward, backward, and Keras's optimiser."""

    def __init__(
        self,
        built: KerasNetwork,
        output: str,
        optimization: Optimization,
        device: torch.device,
        resident: ResidentSplits | None,
    ) -> None:
        self.resident = resident
        self._built = built
        self._output = output
        self._device = device
        self._trainable = list(built.model.trainable_variables)
        self._optimizer = keras_optimizer(optimization)
        self._optimizer.build(self._trainable)

    def synchronize(self) -> None:
        """Wait for the GPU."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()

    def get_weights(self) -> Weights:
        """Every array, copied."""
        return self._built.get_weights()

    def set_weights(self, weights: Weights) -> None:
        """Replace every array."""
        self._built.set_weights(weights)

    def put(self, array: NDArray[Any]) -> torch.Tensor:
        """The array on the device."""
        return torch.from_numpy(array).to(self._device, non_blocking=True)

    def fetch(self, arrays: Sequence[Any]) -> list[NDArray[Any]]:
        """Arrays from the device, which are waited for."""
        return [array.cpu().numpy() for array in arrays]

    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """Take one optimiser step a batch, all with this learning rate."""
        self._optimizer.learning_rate = learning_rate
        return super().train_epoch(batches, learning_rate)

    def train_step(self, images: Any, labels: Any, weights: Any) -> Any:
        """One optimiser step; its totals stay on the device."""
        scores = self._built.model(images, training=True)
        losses, correct = _judge(scores, labels, self._output == "sigmoid")
        loss = torch.dot(losses, weights)
        penalty = torch.zeros((), device=self._device)
        for name, regularizer in self._built.penalties.items():
            penalty = penalty + regularizer(self._built.variables[name].value)
        tensors = [variable.value for variable in self._trainable]
        if tensors:
            gradients = torch.autograd.grad(loss / len(images) + penalty, tensors)
            with torch.no_grad():
                self._optimizer.apply(list(gradients), self._trainable)
        return torch.stack([loss.detach(), penalty.detach(), correct])

    def predict_step(self, images: Any, batch_size: int) -> Any:  # noqa: ARG002 - any size will do
        """Probabilities of one batch."""
        with torch.inference_mode():
            scores = self._built.model(images, training=False)
            if self._output == "features":
                return scores
            binary = self._output == "sigmoid"
            return torch.sigmoid(scores) if binary else torch.softmax(scores, dim=-1)

    def gradient_step(self, images: Any, slopes: Any) -> Any:
        """By the images of one batch."""
        images = images.clone().requires_grad_()
        scores = self._built.model(images, training=False)
        return torch.autograd.grad(scores, images, slopes)[0]


def _judge(
    scores: torch.Tensor, labels: torch.Tensor, binary: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of each image, and how many scores are highest for their label."""
    soft = labels.ndim > 1
    likely = labels.argmax(dim=-1) if soft else labels
    if binary:
        scores, ones = scores[:, 0], labels[:, 1] if soft else labels
        losses = functional.binary_cross_entropy_with_logits(
            scores, ones.to(scores.dtype), reduction="none"
        )
        guesses = scores > 0
    else:
        right = labels if soft else labels.long()
        losses = functional.cross_entropy(scores, right, reduction="none")
        guesses = scores.argmax(dim=-1)
    return losses, (guesses == likely).sum().to(torch.float32)
