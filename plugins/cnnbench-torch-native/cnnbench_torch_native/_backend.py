"""The engine and the model; the only module that cnnbench meets once PyTorch is imported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cnnbench.data.batches import Batches, Resident
from cnnbench.errors import PluginError
from cnnbench.network.layers import Conv, Dense
from cnnbench.network.network import Network, Weights
from cnnbench.network.weights import MOVING_STATISTICS
from cnnbench.plugin.backend import Engine, EpochResult, Model, Optimization
from cnnbench_torch_native._layers import network_steps
from cnnbench_torch_native._optimizer import make_update

Tensors = tuple[Tensor, Tensor, Tensor]
"""Images (NHWC), labels (int64) and sample weights of a batch or a split."""


class TorchEngine(Engine):
    """PyTorch on the CPU or one GPU."""

    def __init__(self, device: str, threads: int) -> None:
        cuda = device != "cpu" and torch.cuda.is_available()
        if device == "gpu" and not cuda:
            raise PluginError(
                'torch-native finds no GPU here: use device "cpu", or install a build of torch for '
                "your GPU and its driver"
            )
        torch.set_num_threads(threads)
        if cuda:
            torch.use_deterministic_algorithms(mode=True)
            torch.utils.deterministic.fill_uninitialized_memory = False
            # float32 is to mean float32; TensorFloat-32 keeps ten bits of the products' mantissas.
            torch.backends.cudnn.allow_tf32 = False
        self._device = torch.device("cuda" if cuda else "cpu")
        self.device = torch.cuda.get_device_name() if cuda else "cpu"
        self.versions = {"torch": torch.__version__}

    def build(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int
    ) -> Model:
        """A model of its own; nothing of an earlier one is shared."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        return TorchModel(network, weights, optimization, seed, self._device)

    def device_memory(self) -> int | None:
        """Peak bytes of the tensors on the GPU since the last build."""
        return torch.cuda.max_memory_allocated() if self._device.type == "cuda" else None


class TorchModel(Model):
    """Tensors by canonical name, the functions between them, and an optimiser."""

    def __init__(
        self,
        network: Network,
        weights: Weights,
        optimization: Optimization,
        seed: int,
        device: torch.device,
    ) -> None:
        self._device = device
        self._binary = network.output == "sigmoid"
        self._half = optimization.precision == "bfloat16"
        self._arrays = {name: _to_torch(array, device) for name, array in weights.items()}
        moving = [
            array.requires_grad_()
            for name, array in self._arrays.items()
            if name.partition("/")[0] not in optimization.frozen
            and name.partition("/")[2] not in MOVING_STATISTICS
        ]
        self._penalized = [
            (self._arrays[f"{name}/kernel"], layer.l1, layer.l2)
            for name, layer in network.named_layers()
            if isinstance(layer, Conv | Dense) and (layer.l1 or layer.l2)
        ]
        self._steps = {
            training: network_steps(network, self._arrays, optimization.frozen, training=training)
            for training in (True, False)
        }
        self._update = make_update(moving, optimization)
        self._moving = moving
        self._resident: dict[str, Tensors] = {}
        self._random = torch.Generator(device).manual_seed(seed).get_state()

    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """Take one optimiser step a batch; the totals are fetched once, at the end."""
        losses, penalties, correct = [], [], []
        with self._random_state():
            for images, labels, weights in self._on_device(batches):
                scores = self._scores(images, training=True)
                loss, hits = self._judge(scores, labels)
                loss = loss @ weights
                penalty = self._penalty()
                (loss / len(images) + penalty).backward()
                self._update(learning_rate)
                for array in self._moving:
                    array.grad = None
                losses.append(loss.detach())
                penalties.append(penalty.detach())
                correct.append(hits)
        return EpochResult(
            loss=torch.stack(losses).double().sum().item() / batches.size,
            penalty=torch.stack(penalties).double().mean().item(),
            correct=int(torch.stack(correct).sum()),
            count=batches.size,
        )

    def predict(self, batches: Batches) -> NDArray[np.float32]:
        """Probabilities in the order of the pass."""
        with torch.inference_mode():
            passed = [self._scores(x, training=False) for x, _, _ in self._on_device(batches)]
            scores = torch.cat(passed)
            outputs = scores.sigmoid() if self._binary else scores.softmax(dim=1)
        probabilities: NDArray[np.float32] = outputs.cpu().numpy()
        return probabilities

    def get_weights(self) -> Weights:
        """Every array, copied."""
        return {name: _to_numpy(array) for name, array in self._arrays.items()}

    def set_weights(self, weights: Weights) -> None:
        """Replace every array."""
        with torch.no_grad():
            for name, array in self._arrays.items():
                array.copy_(_to_torch(weights[name], self._device))

    def synchronize(self) -> None:
        """Wait for the GPU."""
        if self._device.type == "cuda":
            torch.cuda.synchronize()

    def _scores(self, images: Tensor, *, training: bool) -> Tensor:
        x = images.permute(0, 3, 1, 2)
        # Entered anew for each batch: autocast holds on to its copies of the weights while open.
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            for step in self._steps[training]:
                x = step(x)
        return x.float()

    def _judge(self, scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of each image, and how many scores are highest for their label."""
        if not self._binary:
            losses = functional.cross_entropy(scores, labels, reduction="none")
            return losses, (scores.argmax(dim=1) == labels).sum()
        scores = scores[:, 0]
        losses = functional.binary_cross_entropy_with_logits(
            scores, labels.float(), reduction="none"
        )
        return losses, ((scores > 0) == labels).sum()

    def _penalty(self) -> Tensor:
        total = torch.zeros((), device=self._device)
        for kernel, l1, l2 in self._penalized:
            total = total + (l1 * kernel.abs().sum() if l1 else 0)
            total = total + (l2 * kernel.square().sum() if l2 else 0)
        return total

    def _on_device(self, batches: Batches) -> Iterator[Tensors]:
        """The batches as tensors; whole splits stay on a GPU and are gathered there."""
        resident = batches.resident if self._device.type == "cuda" else None
        if resident is None:
            for images, labels, weights in batches:
                yield self._put(images), self._put(labels).long(), self._put(weights)
            return
        split = self._split(resident)
        order = torch.tensor(resident.order, device=self._device)
        for rows in order.split(batches.batch_size):
            images, labels, weights = (array.index_select(0, rows) for array in split)
            yield images, labels, weights

    def _split(self, resident: Resident) -> Tensors:
        if resident.key not in self._resident:
            arrays = (resident.images, resident.labels, resident.weights)
            images, labels, weights = (torch.tensor(x, device=self._device) for x in arrays)
            self._resident[resident.key] = images, labels.long(), weights
        return self._resident[resident.key]

    def _put(self, array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(array).to(self._device, non_blocking=True)

    @contextmanager
    def _random_state(self) -> Iterator[None]:
        """Dropout draws from a state of the model's own, whatever else draws in this process."""
        cuda = self._device.type == "cuda"
        shared = torch.cuda.default_generators[0] if cuda else torch.default_generator
        kept = shared.get_state()
        shared.set_state(self._random)
        try:
            yield
        finally:
            self._random = shared.get_state()
            shared.set_state(kept)


def _to_torch(array: NDArray[np.float32], device: torch.device) -> Tensor:
    """A copy on the device; kernels of convolutions become OIHW, lying in memory as OHWI."""
    tensor = torch.tensor(array, device=device)
    if tensor.ndim != 4:  # noqa: PLR2004 - (height, width, in, out)
        return tensor
    return tensor.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)


def _to_numpy(tensor: Tensor) -> NDArray[np.float32]:
    """A copy in the canonical layout, the inverse of `_to_torch`."""
    tensor = tensor.detach().permute(2, 3, 1, 0) if tensor.ndim == 4 else tensor.detach()  # noqa: PLR2004
    return np.array(tensor.cpu().numpy(), order="C")
