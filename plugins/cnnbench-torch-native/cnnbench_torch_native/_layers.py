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

from cnnbench.network import layers
from cnnbench.network.network import Network, Shape
from cnnbench.network.shapes import layer_shapes, padding_of

Step = Callable[[Tensor], Tensor]

_ACTIVATIONS: dict[str, list[Step]] = {
    "linear": [],
    "relu": [torch.relu],
    "elu": [functional.elu],
    "gelu": [functional.gelu],
    "sigmoid": [torch.sigmoid],
    "tanh": [torch.tanh],
}
# Nothing else needs the output of a convolution or a dense layer, so ReLU may overwrite it.
_FUSED = _ACTIVATIONS | {"relu": [torch.relu_]}
_MONOTONE = {torch.relu, torch.relu_, functional.elu, torch.sigmoid, torch.tanh}


def network_steps(
    network: Network,
    arrays: Mapping[str, Tensor],
    frozen: frozenset[str],
    dropout: torch.Generator | None,
) -> list[Step]:
    """The steps from NCHW images to scores.

    arrays: by canonical name, those of convolutions as OIHW. dropout: where training draws its
    masks from; None makes the steps of prediction, which moves no statistics either.
    """
    steps: list[Step] = []
    shapes = (network.input_shape, *layer_shapes(network))
    for (name, layer), shape in zip(network.named_layers(), shapes, strict=False):
        own = {key.partition("/")[2]: arrays[key] for key in arrays if key.startswith(f"{name}/")}
        learning = dropout is not None and name not in frozen
        made = _layer_steps(layer, shape, own, dropout, learning=learning)
        if (
            isinstance(layer, layers.Pool)
            and layer.kind == "max"
            and steps
            and steps[-1] in _MONOTONE
        ):
            # The same values, but the activation is computed of the largest ones alone.
            made = [*made, steps.pop()]
        steps += made
    return steps


def _layer_steps(
    layer: layers.Layer,
    shape: Shape,
    own: Mapping[str, Tensor],
    dropout: torch.Generator | None,
    *,
    learning: bool,
) -> list[Step]:
    """One layer. shape: of its input. own: its arrays by part. learning: training, not frozen."""
    match layer:
        case layers.Conv():
            pad, window = _window(shape, layer.kernel, layer.stride, layer.padding, 0.0)
            values = {"weight": own["kernel"], "bias": own["bias"]}
            convolve = partial(functional.conv2d, **values, **window)
            made = [*pad, convolve, *_FUSED[layer.activation]]
        case layers.Dense():
            multiply = partial(torch.addmm, own["bias"], mat2=own["kernel"])
            made = [multiply, *_FUSED[layer.activation]]
        case layers.Pool():
            made = _pool(layer, shape)
        case layers.BatchNorm():
            made = [partial(_normalize if learning else _normalize_fixed, layer, **own)]
        case layers.Activate():
            made = _ACTIVATIONS[layer.function]
        case layers.Dropout():
            made = [partial(_drop, layer.rate, dropout)] if dropout is not None else []
        case layers.Flatten():
            made = [_flatten]
        case layers.GlobalAveragePool():
            made = [partial(torch.mean, dim=(2, 3))]
        case _:
            raise AssertionError(f"capabilities do not name {layer!r}")
    return made


def _window(
    shape: Shape, size: layers.Pair, stride: layers.Pair, padding: layers.Padding, outside: float
) -> tuple[list[Step], dict[str, layers.Pair]]:
    """Stride and padding of a window; where PyTorch can't pad as asked, a step before it pads."""
    (top, bottom), (left, right) = (
        padding_of(*axis, padding) for axis in zip(shape[:2], size, stride, strict=True)
    )
    if (top, left) == (bottom, right):
        return [], {"stride": stride, "padding": (top, left)}
    pad = partial(functional.pad, pad=(left, right, top, bottom), value=outside)
    return [pad], {"stride": stride, "padding": (0, 0)}


def _pool(layer: layers.Pool, shape: Shape) -> list[Step]:
    if layer.kind == "max":
        pad, window = _window(shape, layer.size, layer.strides, layer.padding, -torch.inf)
        return [*pad, partial(functional.max_pool2d, kernel_size=layer.size, **window)]
    pad, window = _window(shape, layer.size, layer.strides, layer.padding, 0.0)
    average = partial(_average_pool, kernel_size=layer.size, **window)
    return [partial(_average_padded, average, *pad)] if pad else [average]


_average_pool = partial(functional.avg_pool2d, count_include_pad=False)


def _average_padded(average: Step, pad: Step, x: Tensor) -> Tensor:
    """The mean over each window, divided by the share of the window that is not padding."""
    return average(pad(x)) / average(pad(torch.ones_like(x[:1, :1])))


def _normalize(layer: layers.BatchNorm, x: Tensor, **own: Tensor) -> Tensor:
    """By the batch's statistics; the moving ones follow with its biased variance."""
    # batch_norm would move an unbiased variance, and refuses a batch of one vector.
    output, mean, rsqrt = torch.native_batch_norm(
        x, own["gamma"], own["beta"], None, None, True, 0.0, layer.epsilon
    )
    with torch.no_grad():
        own["mean"].lerp_(mean, 1 - layer.momentum)
        own["variance"].lerp_(rsqrt.pow(-2) - layer.epsilon, 1 - layer.momentum)
    return output


def _normalize_fixed(layer: layers.BatchNorm, x: Tensor, **own: Tensor) -> Tensor:
    mean, variance, gamma, beta = (own[part] for part in ("mean", "variance", "gamma", "beta"))
    return functional.batch_norm(x, mean, variance, gamma, beta, eps=layer.epsilon)


def _drop(rate: float, generator: torch.Generator, x: Tensor) -> Tensor:
    return x * torch.empty_like(x).bernoulli_(1 - rate, generator=generator).div_(1 - rate)


def _flatten(x: Tensor) -> Tensor:
    """In NHWC order; a vector stays as it is."""
    return x.permute(0, 2, 3, 1).flatten(1) if x.ndim == 4 else x  # noqa: PLR2004 - NCHW
