"""A network as a list of PyTorch functions, each from a batch of tensors to the next.

Maps are NCHW to PyTorch and lie in memory as NHWC (channels_last): the input comes that way, and
flattening in NHWC order costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from cnnbench.network.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    Pool,
)
from cnnbench.network.network import Network, Shape
from cnnbench.network.shapes import layer_shapes

Step = Callable[[Tensor], Tensor]

_ACTIVATIONS: dict[str, Step] = {
    "relu": torch.relu,
    "elu": functional.elu,
    "gelu": functional.gelu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}
_MONOTONE = frozenset({torch.relu, torch.relu_, functional.elu, torch.sigmoid, torch.tanh})
"""The largest of some values is the same before and after these."""


def network_steps(
    network: Network, arrays: Mapping[str, Tensor], frozen: frozenset[str], *, training: bool
) -> list[Step]:
    """The steps from NCHW images to scores. arrays: by canonical name, convolutions' as OIHW.

    The steps of training draw dropout from PyTorch's default generator and move the statistics of
    batch normalisation; those of prediction do neither.
    """
    steps: list[Step] = []
    shapes = (network.input_shape, *layer_shapes(network))
    for (name, layer), shape in zip(network.named_layers(), shapes, strict=False):
        own = {key.partition("/")[2]: arrays[key] for key in arrays if key.startswith(f"{name}/")}
        made = _layer_steps(layer, shape, own, learning=training and name not in frozen)
        if isinstance(layer, Dropout) and not training:
            continue
        if isinstance(layer, Pool) and layer.kind == "max" and steps and steps[-1] in _MONOTONE:
            # The activation then works on a fraction of the values, with the same result.
            steps[-1:] = [*made, steps[-1]]
        else:
            steps += made
    return steps


def _layer_steps(
    layer: Layer, shape: Shape, own: Mapping[str, Tensor], *, learning: bool
) -> list[Step]:
    """One layer. shape: of its input, height first. own: its arrays. learning: not frozen."""
    made: list[Step]
    match layer:
        case Conv():
            pad, padding = _padded(shape, layer, layer.kernel, layer.stride, 0.0)
            window = {"stride": layer.stride, "padding": padding}
            arrays = {"weight": own["kernel"], "bias": own["bias"]}
            convolve = partial(functional.conv2d, **arrays, **window)
            made = [*pad, convolve, *_activation(layer.activation)]
        case Pool():
            made = _pool(layer, shape)
        case BatchNorm() if learning:
            made = [partial(_normalize, layer, **own)]
        case BatchNorm():
            statistics = {"running_mean": own["mean"], "running_var": own["variance"]}
            affine = {"weight": own["gamma"], "bias": own["beta"]}
            made = [partial(functional.batch_norm, **statistics, **affine, eps=layer.epsilon)]
        case Activate():
            made = [_ACTIVATIONS[layer.function]] if layer.function in _ACTIVATIONS else []
        case Dropout():
            made = [partial(functional.dropout, p=layer.rate)]
        case Flatten():
            made = [_flatten]
        case GlobalAveragePool():
            made = [partial(torch.mean, dim=(2, 3))]
        case Dense():
            multiply = partial(torch.addmm, own["bias"], mat2=own["kernel"])
            made = [multiply, *_activation(layer.activation)]
        case _:
            raise AssertionError(f"capabilities do not name {layer!r}")
    return made


def _activation(name: str) -> list[Step]:
    """What follows a layer that needs its output no more: ReLU may overwrite it."""
    return [torch.relu_] if name == "relu" else [f for n, f in _ACTIVATIONS.items() if n == name]


def _pool(layer: Pool, shape: Shape) -> list[Step]:
    outside = -torch.inf if layer.kind == "max" else 0.0
    pad, padding = _padded(shape, layer, layer.size, layer.strides, outside)
    function = functional.max_pool2d if layer.kind == "max" else _average_pool
    pool = partial(function, kernel_size=layer.size, stride=layer.strides, padding=padding)
    if layer.kind == "average" and pad:
        return [partial(_average_padded, pool, *pad)]
    return [*pad, pool]


_average_pool = partial(functional.avg_pool2d, count_include_pad=False)


def _average_padded(average: Step, pad: Step, x: Tensor) -> Tensor:
    """The mean of the image's own pixels in each window, divided by their share of it."""
    return average(pad(x)) / average(pad(torch.ones_like(x[:1, :1])))


def _padded(
    shape: Shape, layer: Conv | Pool, window: tuple[int, int], stride: tuple[int, int], value: float
) -> tuple[list[Step], tuple[int, int]]:
    """Padding for the window's own function where both sides need the same, else a step before."""
    if layer.padding == "valid":
        return [], (0, 0)
    sides = zip(shape, window, stride, strict=False)
    down, right = (max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in sides)
    if down % 2 == right % 2 == 0:
        return [], (down // 2, right // 2)
    before = (right // 2, down // 2)
    pads = (before[0], right - before[0], before[1], down - before[1])
    return [partial(functional.pad, pad=pads, value=value)], (0, 0)


def _normalize(
    layer: BatchNorm, x: Tensor, *, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    """By the batch's statistics; the moving ones follow with its biased variance."""
    # batch_norm would move an unbiased variance, and refuses a batch of one vector.
    output, batch_mean, batch_rsqrt = torch.native_batch_norm(
        x, gamma, beta, None, None, True, 0.0, layer.epsilon
    )
    with torch.no_grad():
        mean.lerp_(batch_mean, 1 - layer.momentum)
        variance.lerp_(batch_rsqrt.pow(-2) - layer.epsilon, 1 - layer.momentum)
    return output


def _flatten(x: Tensor) -> Tensor:
    """In NHWC order; a vector stays as it is."""
    return x.permute(0, 2, 3, 1).flatten(1) if x.ndim == 4 else x  # noqa: PLR2004 - NCHW
