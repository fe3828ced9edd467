"""Writing a network as ONNX, traced through the functions that predict with it."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from cnnbench.plugin import Network, Weights, by_layer
from cnnbench_torch_native._layers import compute, kernel_as_oihw, network_parts

OPSET = 18
"""Of ONNX, which runtimes since 2023 know."""


class Traced(nn.Module):  # type: ignore[misc]  # PyTorch is Any to mypy
    """NHWC images in, probabilities out; its buffers are the arrays, by layer and part."""

    def __init__(self, network: Network, weights: Weights) -> None:
        super().__init__()
        self._network = network
        self._names = {name: name.replace("/", "__") for name in weights}
        for name, array in weights.items():
            tensor = kernel_as_oihw(torch.from_numpy(array))
            self.register_buffer(self._names[name], tensor.contiguous())

    def forward(self, images: Tensor) -> Tensor:
        """images: float32, (n, height, width, channels)."""
        own = by_layer({name: self.get_buffer(held) for name, held in self._names.items()})
        parts = network_parts(self._network, own, frozenset(), None, images.device)
        scores = compute(parts, images.permute(0, 3, 1, 2))
        return scores.sigmoid() if self._network.output == "sigmoid" else scores.softmax(dim=1)


def save_onnx(network: Network, weights: Weights, path: Path) -> None:
    """Save a graph with the input "images", of any number, and the output "probabilities"."""
    model = Traced(network, weights).eval()
    example = torch.zeros(2, *network.input_shape)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # of PyTorch about itself, as is what it logs
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            model,
            (example,),
            path,
            input_names=["images"],
            output_names=["probabilities"],
            dynamic_shapes={"images": {0: torch.export.Dim("n")}},
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
