"""A network as a list of PyTorch functions, each from batches of tensors to the next.

Maps are NCHW to PyTorch and lie in memory as NHWC (channels_last): the input comes that way, and
flattening in NHWC order costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from cnnbench.plugin import (
    INPUT,
    Activate,
    Add,
    BatchNorm,
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Dropping,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Layer,
    Multiply,
    Network,
    Node,
    Pool,
    Rescaling,
    StochasticDepth,
    Windowed,
    ZeroPadding,
)
from cnnbench_torch_native._batch_norm import normalize

Step = Callable[..., Tensor]
Own = Mapping[str, Tensor]
SLIDING = 4
"""Axes of a convolution's kernel."""

SOFTMAX: Step = partial(torch.softmax, dim=1)
_FUNCTIONS: dict[str, list[Step]] = {
    "linear": [],
    "relu": [torch.relu],
    "relu6": [functional.relu6],
    "leaky_relu": [partial(functional.leaky_relu, negative_slope=0.2)],
    "elu": [functional.elu],
    "selu": [functional.selu],
    "gelu": [functional.gelu],
    "silu": [functional.silu],
    "sigmoid": [torch.sigmoid],
    "hard_sigmoid": [functional.hardsigmoid],
    "hard_swish": [functional.hardswish],
    "softplus": [functional.softplus],
    "softmax": [SOFTMAX],
    "tanh": [torch.tanh],
}
# Nothing else needs the output of a convolution or a dense layer, so ReLU may overwrite it.
FUSED = _FUNCTIONS | {"relu": [torch.relu_]}
_CURVED = {"gelu", "silu", "hard_swish", "softmax"}
_MONOTONE = [step for name in _FUNCTIONS.keys() - _CURVED for step in _FUNCTIONS[name]]
_MONOTONE.append(torch.relu_)


class Place(NamedTuple):
    """What a layer's steps depend on beside its parameters; the rest as in `network_parts`.

    own: its arrays.
    """

    node: Node
    own: Own
    dropout: torch.Generator | None
    frozen: bool
    device: torch.device


Maker = Callable[[Any, Place], list[Step]]
"""Takes a layer and its place, and makes steps of which the first takes all the inputs."""


@dataclass
class Part:
    """Layers one after the other, of which nobody else needs what lies between.

    inputs: the names of what the first step takes. name: of what the last one makes. spent: what
    nobody needs from here on.
    """

    inputs: tuple[str, ...]
    name: str
    steps: list[Step]
    spent: tuple[str, ...] = ()


def kernel_as_oihw(array: Tensor) -> Tensor:
    """A convolution's kernel (height, width, in, out) as PyTorch has it; others as they are."""
    return array.permute(3, 2, 0, 1) if array.ndim == SLIDING else array


def compute(parts: list[Part], images: Tensor) -> Tensor:
    """The scores of NCHW images."""
    made = {INPUT: images}
    for part in parts:
        inputs = [made[name] for name in part.inputs]
        for name in part.spent:
            del made[name]
        for step in part.steps:
            inputs = [step(*inputs)]
        [made[part.name]] = inputs
    return made[parts[-1].name]


def network_parts(
    network: Network,
    arrays: Mapping[str, Own],
    frozen: frozenset[str],
    dropout: torch.Generator | None,
    device: torch.device,
    *,
    makers: Mapping[type[Layer], Maker] | None = None,
) -> list[Part]:
    """What computes the scores of NCHW images.

    arrays: by layer and part, kernels of convolutions as OIHW. dropout: where training draws its
    masks from; None makes the parts of prediction, which moves no statistics either. makers: of
    layers by type, `MAKERS` unless given.
    """
    nodes = network.nodes()
    uses = Counter(name for node in nodes for name in node.layer.inputs)
    parts = [Part((), INPUT, [])]
    for node in nodes:
        layer, name = node.layer, node.name
        place = Place(node, arrays.get(name, {}), dropout, name in frozen, device)
        made = (makers or MAKERS)[type(layer)](layer, place)
        if layer.inputs == (parts[-1].name,) and uses[parts[-1].name] == 1 and len(parts) > 1:
            steps = parts[-1].steps
            if getattr(layer, "kind", "") == "max" and steps and steps[-1] in _MONOTONE:
                # The same values, but the activation is computed of the largest ones alone.
                made = [*made, steps.pop()]
            steps += made
            parts[-1].name = name
        else:
            parts.append(Part(layer.inputs, name, [*made]))
    return _forgetting(parts[1:])


def _forgetting(parts: list[Part]) -> list[Part]:
    """The parts, each of which lets go of what it is the last to take."""
    needed: set[str] = set()
    for part in reversed(parts):
        part.spent = tuple(set(part.inputs) - needed)
        needed |= set(part.inputs)
    return parts


def _convolution(layer: Conv | DepthwiseConv, place: Place) -> list[Step]:
    pad, window = _window(layer, place, 0.0)
    own, convolve = place.own, functional.conv2d
    window |= {"bias": own.get("bias"), "dilation": layer.dilation}
    if isinstance(layer, Conv):
        step = partial(convolve, weight=own["kernel"], groups=layer.groups, **window)
    else:
        window |= {"groups": own["kernel"].shape[1]}
        step = partial(_convolve_depthwise, kernel=own["kernel"], **window)
    return [*pad, step, *FUSED[layer.activation]]


def _convolve_depthwise(x: Tensor, kernel: Tensor, **window: Any) -> Tensor:
    """kernel: (1, channels, height, width), of which PyTorch wants the first two the other way."""
    return functional.conv2d(x, kernel.transpose(0, 1), **window)


def _dense(layer: Dense, place: Place) -> list[Step]:
    kernel, bias = place.own["kernel"], place.own.get("bias")
    step: Step = partial(torch.matmul, other=kernel)
    if bias is not None:
        step = partial(torch.addmm, bias, mat2=kernel)
    return [step, *FUSED[layer.activation]]


def _pool(layer: Pool, place: Place) -> list[Step]:
    if layer.kind == "max":
        pad, window = _window(layer, place, -torch.inf)
        return [*pad, partial(functional.max_pool2d, kernel_size=layer.size, **window)]
    pad, window = _window(layer, place, 0.0)
    window |= {"kernel_size": layer.size, "count_include_pad": False}
    average = partial(functional.avg_pool2d, **window)
    return [partial(_average_padded, average, *pad)] if pad else [average]


def _window(layer: Windowed, place: Place, outside: float) -> tuple[list[Step], Any]:
    """Stride and padding of a window; where PyTorch can't pad as asked, a step before it pads."""
    window = layer.window(place.node.inputs[0])
    if window.before == window.after:
        return [], {"stride": window.stride, "padding": window.before}
    (top, left), (bottom, right) = window.before, window.after
    pad = partial(functional.pad, pad=(left, right, top, bottom), value=outside)
    return [pad], {"stride": window.stride}


def _average_padded(average: Step, pad: Step, x: Tensor) -> Tensor:
    """The mean over each window, divided by the share of the window that is not padding."""
    return average(pad(x)) / average(pad(torch.ones_like(x[:1, :1])))


def _batch_norm(layer: BatchNorm, place: Place) -> list[Step]:
    fixed = place.frozen or place.dropout is None
    mean = place.own["mean"]
    own = {"gamma": torch.ones_like(mean), "beta": torch.zeros_like(mean), **place.own}
    return [partial(_normalize_fixed if fixed else _normalize, layer, **own)]


def _normalize(layer: BatchNorm, x: Tensor, **own: Tensor) -> Tensor:
    """By the batch's statistics; the moving ones follow with its biased variance."""
    output, mean, variance = normalize(x, own["gamma"], own["beta"], layer.epsilon)
    with torch.no_grad():
        own["mean"].lerp_(mean, 1 - layer.momentum)
        own["variance"].lerp_(variance, 1 - layer.momentum)
    return output


def _normalize_fixed(layer: BatchNorm, x: Tensor, **own: Tensor) -> Tensor:
    mean, variance, gamma, beta = (own[part] for part in ("mean", "variance", "gamma", "beta"))
    return functional.batch_norm(x, mean, variance, gamma, beta, eps=layer.epsilon)


def _rescaling(layer: Rescaling, place: Place) -> list[Step]:
    beside = (1,) * (len(place.node.shape) - 1)
    scale, offset = (
        torch.tensor(value, device=place.device).reshape(-1, *beside)
        for value in (layer.scale, layer.offset)
    )
    return [lambda x: x * scale + offset]


def _dropping(layer: Dropping, place: Place) -> list[Step]:
    return [] if place.dropout is None else [partial(drop, layer, place.dropout)]


def drop(layer: Dropping, generator: torch.Generator, x: Tensor) -> Tensor:
    """Units are drawn for one by one, or an image at a time."""
    whole, keep = isinstance(layer, StochasticDepth), 1 - layer.rate
    drawn = x.new_empty(len(x), *[1] * (x.ndim - 1)) if whole else torch.empty_like(x)
    return x * drawn.bernoulli_(keep, generator=generator).div_(keep)


def _zero_padding(layer: ZeroPadding, _: Place) -> list[Step]:
    (top, bottom), (left, right) = layer.padding
    return [partial(functional.pad, pad=(left, right, top, bottom))]


def _product(dimensions: int, *inputs: Tensor) -> Tensor:
    """A vector counts for every pixel of a map."""
    return reduce(torch.mul, (x if x.ndim == dimensions else x[..., None, None] for x in inputs))


MAKERS: dict[type[Layer], Maker] = {
    Conv: _convolution,
    DepthwiseConv: _convolution,
    Dense: _dense,
    Pool: _pool,
    GlobalAveragePool: lambda x, _: [partial(torch.mean, dim=(2, 3), keepdim=x.keepdims)],
    GlobalMaxPool: lambda x, _: [partial(torch.amax, dim=(2, 3), keepdim=x.keepdims)],
    BatchNorm: _batch_norm,
    Rescaling: _rescaling,
    Activate: lambda x, _: _FUNCTIONS[x.function],
    Dropout: _dropping,
    StochasticDepth: _dropping,
    # In NHWC order; a vector stays as it is.
    Flatten: lambda *_: [lambda x: x.movedim(1, -1).flatten(1)],
    ZeroPadding: _zero_padding,
    Add: lambda *_: [lambda *inputs: reduce(torch.add, inputs)],
    Concatenate: lambda *_: [lambda *inputs: torch.cat(inputs, dim=1)],
    Multiply: lambda _, place: [partial(_product, len(place.node.shape) + 1)],
}
