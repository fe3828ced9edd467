"""Arrays on their way to the device and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cnnbench_torch_native._layers import SLIDING, kernel_as_oihw


class OnDevice:
    """What a model on a device does with arrays, whatever it makes of them."""

    device: torch.device

    def put(self, array: NDArray[Any]) -> Tensor:
        """The array on the device, shared with NumPy on a CPU."""
        return torch.from_numpy(array).to(self.device, non_blocking=True)

    def fetch(self, arrays: Sequence[Tensor]) -> list[NDArray[Any]]:
        """What the steps left on the device."""
        return [array.cpu().numpy() for array in arrays]

    def synchronize(self) -> None:
        """Wait for the GPU."""
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def tensor(self, array: NDArray[np.float32]) -> Tensor:
        """A copy on the device; kernels of convolutions as OIHW, lying in memory as OHWI."""
        tensor = torch.tensor(array, device=self.device)
        if tensor.ndim != SLIDING:
            return tensor
        return kernel_as_oihw(tensor).contiguous(memory_format=torch.channels_last)


def judge(scores: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The loss of each image, and whether it is classified right; scores: (n, classes)."""
    soft = labels.ndim > 1
    right = labels if soft else labels.long()
    likely = labels.argmax(dim=1) if soft else labels
    losses = functional.cross_entropy(scores, right, reduction="none")
    return losses, scores.argmax(dim=1) == likely


def canonical(tensor: Tensor) -> NDArray[np.float32]:
    """A copy of an array; kernels of convolutions as (height, width, in, out) again."""
    array = tensor.permute(2, 3, 1, 0) if tensor.ndim == SLIDING else tensor
    return np.array(array.detach().cpu().numpy(), order="C")
