"""A network: an input shape, named layers in order, and what turns scores into classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from cnnbench.network.layers import AnyLayer

Shape = tuple[int, ...]
"""Without the batch axis: (height, width, channels) of a map, (units,) of a vector."""

Weights = Mapping[str, NDArray[np.float32]]
"""Every array of a network by name, "conv_1/kernel", in the canonical layout.

Kernels: (height, width, in, out) of a convolution, (in, out) of a dense layer. Biases: (out,).
Batch normalisation: "batch_norm_1/gamma", "/beta", "/mean", "/variance", each (channels,).
"""


class Network(BaseModel):
    """What a backend builds.

    The last layer is a dense one without activation: its units are the scores (logits). `output`
    says how they become probabilities and which loss trains them: "softmax" with categorical
    cross-entropy over `classes` units, or "sigmoid" with binary cross-entropy on a single unit that
    scores class 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    input_shape: tuple[int, int, int]
    layers: tuple[AnyLayer, ...]
    classes: int
    output: Literal["softmax", "sigmoid"] = "softmax"

    def named_layers(self) -> Iterator[tuple[str, AnyLayer]]:
        """Layers with their names, the type and a count per type: "conv_1", "conv_2", "dense_1"."""
        counts: dict[str, int] = {}
        for layer in self.layers:
            counts[layer.type] = counts.get(layer.type, 0) + 1
            yield f"{layer.type}_{counts[layer.type]}", layer
