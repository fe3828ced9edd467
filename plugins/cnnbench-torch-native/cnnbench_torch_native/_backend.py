"""The engine and the model: tensors by canonical name, functions between them, an optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cnnbench.plugin import (
    Engine,
    Model,
    Network,
    Optimization,
    PluginError,
    ResidentSplits,
    StepModel,
    Weights,
    by_layer,
    penalized_kernels,
    trainable_arrays,
)
from cnnbench_torch_native._layers import (
    SLIDING,
    Part,
    compute,
    kernel_as_oihw,
    network_parts,
)
from cnnbench_torch_native._optimizer import make_update


class TorchEngine(Engine):
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
            self._resident = ResidentSplits(
                lambda array: torch.tensor(array, device="cuda"), lambda x, rows: x[rows]
            )
        self.device = torch.cuda.get_device_name() if self._cuda else "cpu"
        self.versions = {"torch": torch.__version__}

    def build(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int
    ) -> Model:
        """A model of its own; nothing of an earlier one is shared."""
        if self._cuda:
            torch.cuda.reset_peak_memory_stats()
        dropout = torch.Generator("cuda" if self._cuda else "cpu").manual_seed(seed)
        return TorchModel(network, weights, optimization, dropout, self._resident)

    def device_memory(self) -> int | None:
        """Peak bytes of the tensors on the GPU since the last build."""
        return torch.cuda.max_memory_allocated() if self._cuda else None


class TorchModel(StepModel):
    """A network on the device of its dropout's generator."""

    def __init__(
        self,
        network: Network,
        weights: Weights,
        optimization: Optimization,
        dropout: torch.Generator,
        resident: ResidentSplits | None,
    ) -> None:
        self.resident = resident
        self._device = dropout.device
        self._binary = network.output == "sigmoid"
        self._features = network.output == "features"
        self._half = optimization.precision == "bfloat16"
        self._arrays = {name: self._tensor(array) for name, array in weights.items()}
        names = trainable_arrays(network, optimization.frozen)
        self._trainable = [self._arrays[name].requires_grad_() for name in names]
        self._penalized = [(self._arrays[k], *p) for k, p in penalized_kernels(network).items()]
        own = by_layer(self._arrays)
        make = partial(network_parts, network, own, optimization.frozen)
        self._training = make(dropout, self._device)
        self._prediction = make(None, self._device)
        self._update = make_update(self._trainable, optimization)

    def train_step(self, images: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        """One step; the totals stay on the device."""
        scores, labels = self._scores(images, self._training), labels.long()
        loss = functional.cross_entropy(scores, labels, reduction="none") @ weights
        penalty = torch.zeros((), device=self._device)
        for kernel, l1, l2 in self._penalized:
            penalty = penalty + l1 * kernel.abs().sum() + l2 * kernel.square().sum()
        if self._trainable:
            (loss / len(images) + penalty).backward()
        self._update(self.learning_rate)
        for array in self._trainable:
            array.grad = None
        correct = (scores.argmax(dim=1) == labels).sum()
        return torch.stack([loss.detach(), penalty.detach(), correct.float()])

    def predict_step(self, images: Tensor, batch_size: int) -> Tensor:  # noqa: ARG002 - any size will do
        """Probabilities of one batch."""
        with torch.inference_mode():
            scores = self._scores(images, self._prediction)
            if self._features:
                return scores.movedim(1, -1)
            probabilities = scores.softmax(dim=1)
            return probabilities[:, 1:] if self._binary else probabilities

    def gradient_step(self, images: Tensor, slopes: Tensor) -> Tensor:
        """By the images of one batch."""
        images = images.clone().requires_grad_()
        scores = self._scores(images, self._prediction)
        slopes = functional.pad(slopes, (1, 0)) if self._binary else slopes
        return torch.autograd.grad(scores, images, slopes)[0]

    def put(self, array: NDArray[Any]) -> Tensor:
        """The array on the device, shared with NumPy on a CPU."""
        return torch.from_numpy(array).to(self._device, non_blocking=True)

    def fetch(self, arrays: Sequence[Tensor]) -> list[NDArray[Any]]:
        """What the steps left on the device."""
        return [array.cpu().numpy() for array in arrays]

    def get_weights(self) -> Weights:
        """Every array, copied, convolutions' back in (height, width, in, out)."""
        weights = {}
        for name, array in self._arrays.items():
            canonical = array.permute(2, 3, 1, 0) if array.ndim == SLIDING else array
            weights[name] = np.array(canonical.detach().cpu().numpy(), order="C")
        return weights

    def set_weights(self, weights: Weights) -> None:
        """Replace every array."""
        with torch.no_grad():
            for name, array in self._arrays.items():
                array.copy_(self._tensor(weights[name]))

    def synchronize(self) -> None:
        """Wait for the GPU."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()

    def _tensor(self, array: NDArray[np.float32]) -> Tensor:
        """A copy on the device; kernels of convolutions as OIHW, lying in memory as OHWI."""
        tensor = torch.tensor(array, device=self._device)
        if tensor.ndim != SLIDING:
            return tensor
        return kernel_as_oihw(tensor).contiguous(memory_format=torch.channels_last)

    def _scores(self, images: Tensor, parts: list[Part]) -> Tensor:
        """Of every class; a single unit's score is that of class 1 beside a zero for class 0."""
        # Entered anew for each batch: autocast holds on to its copies of the weights while open.
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            x = compute(parts, images.permute(0, 3, 1, 2))
        return functional.pad(x, (1, 0)).float() if self._binary else x.float()
