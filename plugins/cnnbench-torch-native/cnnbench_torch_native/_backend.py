"""The engine and the model: tensors by canonical name, functions between them, an optimiser."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cnnbench.data.batches import Batches
from cnnbench.errors import PluginError
from cnnbench.network.network import Network, Weights
from cnnbench.network.weights import penalized_kernels, trainable_arrays
from cnnbench.plugin.backend import Engine, EpochResult, Model, Optimization
from cnnbench_torch_native._layers import network_steps
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
        if self._cuda:
            torch.use_deterministic_algorithms(mode=True)
            torch.utils.deterministic.fill_uninitialized_memory = False
            # float32 is to mean float32; TensorFloat-32 keeps ten bits of a product's mantissa.
            torch.backends.cudnn.allow_tf32 = False
        self.device = torch.cuda.get_device_name() if self._cuda else "cpu"
        self.versions = {"torch": torch.__version__}

    def build(
        self, network: Network, weights: Weights, optimization: Optimization, seed: int
    ) -> Model:
        """A model of its own; nothing of an earlier one is shared."""
        if self._cuda:
            torch.cuda.reset_peak_memory_stats()
        device = torch.device("cuda" if self._cuda else "cpu")
        return TorchModel(network, weights, optimization, torch.Generator(device).manual_seed(seed))

    def device_memory(self) -> int | None:
        """Peak bytes of the tensors on the GPU since the last build."""
        return torch.cuda.max_memory_allocated() if self._cuda else None


class TorchModel(Model):
    """A network on the device of its dropout's generator."""

    def __init__(
        self,
        network: Network,
        weights: Weights,
        optimization: Optimization,
        dropout: torch.Generator,
    ) -> None:
        self._device = dropout.device
        self._binary = network.output == "sigmoid"
        self._half = optimization.precision == "bfloat16"
        self._arrays = {name: self._tensor(array) for name, array in weights.items()}
        names = trainable_arrays(network, optimization.frozen)
        self._trainable = [self._arrays[name].requires_grad_() for name in names]
        self._penalized = [(self._arrays[k], *p) for k, p in penalized_kernels(network).items()]
        self._training = network_steps(network, self._arrays, optimization.frozen, dropout)
        self._prediction = network_steps(network, self._arrays, optimization.frozen, None)
        self._update = make_update(self._trainable, optimization)
        self._splits: dict[str, list[Tensor]] = {}

    def train_epoch(self, batches: Batches, learning_rate: float) -> EpochResult:
        """Take one optimiser step a batch; the totals are fetched once, at the end."""
        totals = []
        for images, labels, weights in self._on_device(batches):
            scores = self._scores(images, training=True)
            losses, correct = self._judge(scores, labels)
            loss, penalty = losses @ weights, self._penalty()
            (loss / len(images) + penalty).backward()
            self._update(learning_rate)
            for array in self._trainable:
                array.grad = None
            totals.append(torch.stack([loss.detach(), penalty.detach(), correct.float()]))
        loss, penalty, correct = torch.stack(totals).double().sum(dim=0).tolist()
        return EpochResult(loss / batches.size, penalty / len(totals), int(correct), batches.size)

    def predict(self, batches: Batches) -> NDArray[np.float32]:
        """Probabilities in the order of the pass."""
        with torch.inference_mode():
            passed = [self._scores(x, training=False) for x, _, _ in self._on_device(batches)]
            scores = torch.cat(passed)
            outputs = scores.sigmoid() if self._binary else scores.softmax(dim=1)
        probabilities: NDArray[np.float32] = outputs.cpu().numpy()
        return probabilities

    def get_weights(self) -> Weights:
        """Every array, copied, convolutions' back in (height, width, in, out)."""
        weights = {}
        for name, array in self._arrays.items():
            canonical = array.permute(2, 3, 1, 0) if array.ndim == 4 else array  # noqa: PLR2004
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
        if tensor.ndim != 4:  # noqa: PLR2004 - (height, width, in, out)
            return tensor
        return tensor.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)

    def _scores(self, images: Tensor, *, training: bool) -> Tensor:
        x = images.permute(0, 3, 1, 2)
        # Entered anew for each batch: autocast holds on to its copies of the weights while open.
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            for step in self._training if training else self._prediction:
                x = step(x)
        return x.float()

    def _judge(self, scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of each image, and how many scores are highest for their label."""
        if not self._binary:
            losses = functional.cross_entropy(scores, labels, reduction="none")
            return losses, (scores.argmax(dim=1) == labels).sum()
        scores, truth = scores[:, 0], labels.float()
        losses = functional.binary_cross_entropy_with_logits(scores, truth, reduction="none")
        return losses, ((scores > 0) == labels).sum()

    def _penalty(self) -> Tensor:
        total = torch.zeros((), device=self._device)
        for kernel, l1, l2 in self._penalized:
            total = total + l1 * kernel.abs().sum() + l2 * kernel.square().sum()
        return total

    def _on_device(self, batches: Batches) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Images, labels and weights of each batch; a GPU keeps whole splits and gathers there."""
        resident = batches.resident if self._device.type == "cuda" else None
        if resident is None:
            for batch in batches:
                images, labels, weights = (torch.from_numpy(x).to(self._device) for x in batch)
                yield images, labels.long(), weights
            return
        if resident.key not in self._splits:
            arrays = (resident.images, resident.labels, resident.weights)
            self._splits[resident.key] = [torch.tensor(x, device=self._device) for x in arrays]
        for rows in torch.tensor(resident.order, device=self._device).split(batches.batch_size):
            images, labels, weights = (x.index_select(0, rows) for x in self._splits[resident.key])
            yield images, labels.long(), weights
