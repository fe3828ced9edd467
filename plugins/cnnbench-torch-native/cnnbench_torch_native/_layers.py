"""A network as a list of PyTorch functions, each from a batch of tensors to the next.

Maps are NCHW to PyTorch and lie in memory as NHWC (channels_last): the input comes that way, and
flattening in NHWC order costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from cnnbench.network import layers
from cnnbench.network.network import Network, Shape
from cnnbench.network.shapes import layer_shapes, window_of
from cnnbench_torch_native._batch_norm import normalize

Step = Callable[[Tensor], Tensor]

_FUNCTIONS: dict[str, list[Step]] = {
    "linear": [],
    "relu": [torch.relu],
    "elu": [functional.elu],
    "gelu": [functional.gelu],
    "sigmoid": [torch.sigmoid],
    "tanh": [torch.tanh],
}
# Nothing else needs the output of a convolution or a dense layer, so ReLU may overwrite it.
_FUSED = _FUNCTIONS | {"relu": [torch.relu_]}
_MONOTONE = [torch.relu, torch.relu_, functional.elu, torch.sigmoid, torch.tanh]


def network_steps(
    network: Network,
    arrays: Mapping[str, Mapping[str, Tensor]],
    frozen: frozenset[str],
    dropout: torch.Generator | None,
) -> list[Step]:
    """The steps from NCHW images to scores.

    arrays: by layer and part, kernels of convolutions as OIHW. dropout: where training draws its
    masks from; None makes the steps of prediction, which moves no statistics either.
    """
    steps: list[Step] = []
    shapes = (network.input_shape, *layer_shapes(network))
    for (name, layer), shape in zip(network.named_layers(), shapes, strict=False):
        made = _steps(layer, shape, arrays.get(name, {}), None if name in frozen else dropout)
        if isinstance(layer, layers.Dropout) and dropout is not None:
            made = [partial(_drop, layer.rate, dropout)]
        if getattr(layer, "kind", "") == "max" and steps and steps[-1] in _MONOTONE:
            # The same values, but the activation is computed of the largest ones alone.
            made.append(steps.pop())
        steps += made
    return steps


def _steps(
    layer: layers.Layer, shape: Shape, own: Mapping[str, Tensor], learning: object
) -> list[Step]:
    """One layer but dropout. shape: of its input. learning: None if its statistics stay put."""
    made: list[Step]
    match layer:
        case layers.Conv():
            pad, window = _window(layer, shape, 0.0)
            convolve = partial(functional.conv2d, weight=own["kernel"], bias=own["bias"], **window)
            made = [*pad, convolve, *_FUSED[layer.activation]]
        case layers.Dense():
            multiply = partial(torch.addmm, own["bias"], mat2=own["kernel"])
            made = [multiply, *_FUSED[layer.activation]]
        case layers.Pool(kind="max"):
            pad, window = _window(layer, shape, -torch.inf)
            made = [*pad, partial(functional.max_pool2d, kernel_size=layer.size, **window)]
        case layers.Pool():
            pad, window = _window(layer, shape, 0.0)
            window |= {"kernel_size": layer.size, "count_include_pad": False}
            average = partial(functional.avg_pool2d, **window)
            made = [partial(_average_padded, average, *pad)] if pad else [average]
        case layers.BatchNorm():
            made = [partial(_normalize_fixed if learning is None else _normalize, layer, **own)]
        case layers.Activate():
            made = _FUNCTIONS[layer.function]
        case layers.Flatten():
            # In NHWC order; a vector stays as it is.
            made = [lambda x: x.movedim(1, -1).flatten(1)]
        case layers.GlobalAveragePool():
            made = [partial(torch.mean, dim=(2, 3))]
        case _:
            made = []
    return made


def _window(
    layer: layers.Conv | layers.Pool, shape: Shape, outside: float
) -> tuple[list[Step], dict[str, Any]]:
    """Stride and padding of a window; where PyTorch can't pad as asked, a step before it pads."""
    window = window_of(layer, shape)
    if window.before == window.after:
        return [], {"stride": window.stride, "padding": window.before}
    (top, left), (bottom, right) = window.before, window.after
    pad = partial(functional.pad, pad=(left, right, top, bottom), value=outside)
    return [pad], {"stride": window.stride}


def _average_padded(average: Step, pad: Step, x: Tensor) -> Tensor:
    """The mean over each window, divided by the share of the window that is not padding."""
    return average(pad(x)) / average(pad(torch.ones_like(x[:1, :1])))


def _normalize(layer: layers.BatchNorm, x: Tensor, **own: Tensor) -> Tensor:
    """By the batch's statistics; the moving ones follow with its biased variance."""
    output, mean, variance = normalize(x, own["gamma"], own["beta"], layer.epsilon)
    with torch.no_grad():
        own["mean"].lerp_(mean, 1 - layer.momentum)
        own["variance"].lerp_(variance, 1 - layer.momentum)
    return output


def _normalize_fixed(layer: layers.BatchNorm, x: Tensor, **own: Tensor) -> Tensor:
    mean, variance, gamma, beta = (own[part] for part in ("mean", "variance", "gamma", "beta"))
    return functional.batch_norm(x, mean, variance, gamma, beta, eps=layer.epsilon)


def _drop(rate: float, generator: torch.Generator, x: Tensor) -> Tensor:
    return x * torch.empty_like(x).bernoulli_(1 - rate, generator=generator).div_(1 - rate)
