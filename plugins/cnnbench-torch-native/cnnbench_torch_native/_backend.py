"""The engine and the model: tensors by canonical name, functions between them, an optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from cnnbench.plugin import (
    Engine,
    Model,
    Network,
    Optimization,
    PluginError,
    ResidentSplits,
    StackedModel,
    StepModel,
    Weights,
    by_layer,
    penalized_kernels,
    trainable_arrays,
)
from cnnbench_torch_native._device import OnDevice, canonical, judge
from cnnbench_torch_native._layers import Part, compute, network_parts
from cnnbench_torch_native._optimizer import make_update
from cnnbench_torch_native._stacked import TorchStack


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
        [dropout] = self._generators([seed])
        return TorchModel(network, weights, optimization, dropout, self._resident)

    def build_stacked(
        self,
        network: Network,
        weights: Sequence[Weights],
        optimization: Optimization,
        seeds: Sequence[int],
    ) -> StackedModel:
        """As many networks in one."""
        generators = self._generators(seeds)
        return TorchStack(network, weights, optimization, generators, self._resident)

    def _generators(self, seeds: Sequence[int]) -> list[torch.Generator]:
        """Of dropout's masks, for a model from which the peak of memory counts anew."""
        if self._cuda:
            torch.cuda.reset_peak_memory_stats()
        if self._resident:
            self._resident.models = len(seeds)
        device = "cuda" if self._cuda else "cpu"
        return [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def device_memory(self) -> int | None:
        """Peak bytes of the tensors on the GPU since the last build."""
        return torch.cuda.max_memory_allocated() if self._cuda else None


class TorchModel(OnDevice, StepModel):
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
        self.device = dropout.device
        self._binary = network.output == "sigmoid"
        self._features = network.output == "features"
        self._half = optimization.precision == "bfloat16"
        self._arrays = {name: self.tensor(array) for name, array in weights.items()}
        names = trainable_arrays(network, optimization.frozen)
        self._trainable = [self._arrays[name].requires_grad_() for name in names]
        self._penalized = [(self._arrays[k], *p) for k, p in penalized_kernels(network).items()]
        own = by_layer(self._arrays)
        make = partial(network_parts, network, own, optimization.frozen)
        self._training = make(dropout, self.device)
        self._prediction = make(None, self.device)
        self._update = make_update(self._trainable, optimization)

    def train_step(self, images: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        """One step; the totals stay on the device."""
        losses, hits = judge(self._scores(images, self._training), labels)
        loss = losses @ weights
        penalty = torch.zeros((), device=self.device)
        for kernel, l1, l2 in self._penalized:
            penalty = penalty + l1 * kernel.abs().sum() + l2 * kernel.square().sum()
        if self._trainable:
            (loss / len(images) + penalty).backward()
        self._update(self.learning_rate)
        for array in self._trainable:
            array.grad = None
        return torch.stack([loss.detach(), penalty.detach(), hits.sum().float()])

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

    def get_weights(self) -> Weights:
        """Every array, copied, convolutions' back in (height, width, in, out)."""
        return {name: canonical(array) for name, array in self._arrays.items()}

    def set_weights(self, weights: Weights) -> None:
        """Replace every array."""
        with torch.no_grad():
            for name, array in self._arrays.items():
                array.copy_(self.tensor(weights[name]))

    def _scores(self, images: Tensor, parts: list[Part]) -> Tensor:
        """Of every class; a single unit's score is that of class 1 beside a zero for class 0."""
        # Entered anew for each batch: autocast holds on to its copies of the weights while open.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._half):
            x = compute(parts, images.permute(0, 3, 1, 2))
        return functional.pad(x, (1, 0)).float() if self._binary else x.float()
