"""The filters of a network's first convolution, which look at pixels themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.pixels import RGB
from cnnbench.network.cut import up_to
from cnnbench.network.layers import Conv
from cnnbench.network.weights import weight_shapes
from cnnbench.winner.explanation.subject import Subject
from cnnbench.winner.preprocessing import Standard


@dataclass(frozen=True, slots=True)
class Filters:
    """layer: the convolution. kernels: (n, height, width, 3 for colours in order RGB, else 1).

    The strongest first, by the root of their sum of squares. averaged: channels that each is the
    mean of, where they are no colours.
    """

    layer: str
    kernels: NDArray[np.float32]
    averaged: int = 1


def first_filters(subject: Subject) -> Filters | None:
    """None for a network without convolution, or whose first one comes after other layers."""
    found = next((node for node in subject.network.nodes() if isinstance(node.layer, Conv)), None)
    if found is None:
        return None
    arrays = weight_shapes(up_to(subject.network, found.name))
    if [name for name in arrays if name.endswith("/kernel")] != [f"{found.name}/kernel"]:
        return None
    kernels = np.moveaxis(subject.weights[f"{found.name}/kernel"], 3, 0)
    order = np.argsort(-np.square(kernels).sum(axis=(1, 2, 3)), kind="stable")
    kernels, averaged = kernels[order], 1
    if kernels.shape[3] != RGB or subject.preprocessing.of_signals:
        averaged = kernels.shape[3]
        kernels = kernels.mean(axis=3, keepdims=True)
    scaling = subject.preprocessing.scaling
    if isinstance(scaling, Standard) and scaling.order == "bgr":
        kernels = kernels[..., ::-1]
    return Filters(found.name, np.ascontiguousarray(kernels), averaged)
