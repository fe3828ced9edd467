"""Networks as PyTorch functions of layers, for replicates whose channels lie side by side.

A map is (images, replicates * channels, height, width) to PyTorch and lies in memory as NHWC
(channels_last): images come that way, and flattening in NHWC order costs nothing. Whatever works
channel by channel does so for all replicates at once, a convolution takes as many groups more, and
the rest tells replicates apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial, reduce
from typing import Any

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
    Convolution,
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
    Pool,
    Rescaling,
    StochasticDepth,
    Windowed,
    ZeroPadding,
    late_activations,
)
from cnnbench_torch_native._batch_norm import normalize

_ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda x: x,
    "leaky_relu": partial(functional.leaky_relu, negative_slope=0.2),
    "hard_sigmoid": functional.hardsigmoid,
    "hard_swish": functional.hardswish,
}
"""Those that PyTorch has by other names or with another slope."""
_FRESH = (Conv, DepthwiseConv, Dense, Pool, BatchNorm, Add)
"""Layers that need their own output for no gradient, so that ReLU may overwrite it."""


@dataclass
class Forward:
    """The way of images to scores through a network whose arrays lie on a device.

    arrays: of each layer that has some, as Keras has them, with replicates along a first axis.
    count: of replicates. frozen: layers whose statistics stay. dropout: a generator of each
    replicate; none in prediction, which moves nothing.
    """

    network: Network
    arrays: Mapping[str, Mapping[str, Tensor]]
    count: int
    frozen: frozenset[str] = frozenset()
    dropout: Sequence[torch.Generator] = ()

    def __post_init__(self) -> None:
        self.layers = [(x.layer, x.spent) for x in late_activations(self.network).nodes()]
        uses = Counter(name for layer, _ in self.layers for name in layer.inputs)
        self.fresh = {x.name for x, _ in self.layers if isinstance(x, _FRESH) and uses[x.name] == 1}

    def __call__(self, images: Tensor) -> Tensor:
        """The output of the last layer, of NCHW images."""
        made = {INPUT: images}
        for layer, spent in self.layers:
            inputs = [made[name] for name in layer.inputs]
            for name in spent:
                del made[name]
            made[layer.name] = _FUNCTIONS[type(layer)](layer, self, *inputs)
        return made[layer.name]

    def apart(self, x: Tensor) -> Tensor:
        """(images, replicates * channels, ...) as (images, ..., replicates, channels)."""
        return x.movedim(1, -1).unflatten(-1, (self.count, -1))


def _beside(x: Tensor) -> Tensor:
    """The way back of `apart`."""
    return x.flatten(-2).movedim(-1, 1)


@cache
def _windows(layer: Windowed, height: int, width: int) -> tuple[list[int], dict[str, Any]]:
    """What to pad by before, as PyTorch pads both sides alike; and stride and padding."""
    window = layer.window((height, width))
    (top, left), (bottom, right) = window.before, window.after
    if window.before == window.after:
        return [], {"stride": window.stride, "padding": window.before}
    return [left, right, top, bottom], {"stride": window.stride}


def _padded(layer: Windowed, x: Tensor, value: float = 0.0) -> tuple[Tensor, dict[str, Any]]:
    pad, how = _windows(layer, *x.shape[2:])
    return functional.pad(x, pad, value=value) if pad else x, how


def _conv(layer: Conv, net: Forward, x: Tensor) -> Tensor:
    weight = net.arrays[layer.name]["kernel"].permute(0, 4, 3, 1, 2)
    return _convolve(layer, net, x, weight, net.count * layer.groups)


def _depthwise_conv(layer: DepthwiseConv, net: Forward, x: Tensor) -> Tensor:
    weight = net.arrays[layer.name]["kernel"].permute(0, 3, 4, 1, 2)
    return _convolve(layer, net, x, weight, x.shape[1])


def _convolve(layer: Convolution, net: Forward, x: Tensor, weight: Tensor, groups: int) -> Tensor:
    """weight: (replicates, out, in, height, width)."""
    bias = net.arrays[layer.name]["bias"].flatten() if layer.use_bias else None
    padded, how = _padded(layer, x)
    how = how | {"groups": groups, "dilation": layer.dilation}
    return functional.conv2d(padded, weight.flatten(0, 1), bias, **how)


def _dense(layer: Dense, net: Forward, x: Tensor) -> Tensor:
    own = net.arrays[layer.name]
    kernel, bias = own["kernel"], own["bias"] if layer.use_bias else None
    if net.count == 1:  # a product of batches takes a third longer
        return functional.linear(x, kernel[0].t(), None if bias is None else bias[0])
    products = net.apart(x).transpose(0, 1).bmm(kernel)
    return _beside((products if bias is None else products + bias[:, None]).transpose(0, 1))


def _pool(layer: Pool, _: Forward, x: Tensor) -> Tensor:
    padded, how = _padded(layer, x, -torch.inf if layer.kind == "max" else 0.0)
    if layer.kind == "max":
        return functional.max_pool2d(padded, layer.size, **how)
    average = partial(functional.avg_pool2d, kernel_size=layer.size, count_include_pad=False)
    means = average(padded, **how)
    if padded is x:
        return means
    # By the share of each window that is not padding.
    return means / average(_padded(layer, torch.ones_like(x[:1, :1]))[0], **how)


def _batch_norm(layer: BatchNorm, net: Forward, x: Tensor) -> Tensor:
    own = {part: array.flatten() for part, array in net.arrays[layer.name].items()}
    mean, variance, gamma, beta = own["mean"], own["variance"], own.get("gamma"), own.get("beta")
    if not net.dropout or layer.name in net.frozen:
        return functional.batch_norm(x, mean, variance, gamma, beta, eps=layer.epsilon)
    output, *statistics = normalize(x, gamma, beta, layer.epsilon)
    with torch.no_grad():
        mean.lerp_(statistics[0], 1 - layer.momentum)
        variance.lerp_(statistics[1], 1 - layer.momentum)
    return output


def _rescaling(layer: Rescaling, net: Forward, x: Tensor) -> Tensor:
    scale, offset = (torch.tensor(y, device=x.device) for y in (layer.scale, layer.offset))
    return _beside(net.apart(x) * scale + offset)


def _dropping(layer: Dropping, net: Forward, x: Tensor) -> Tensor:
    """Units are drawn for one by one, or an image at a time."""
    if not net.dropout:
        return x
    units, keep = net.apart(x), 1 - layer.rate
    shape = units.select(-2, 0).shape
    if isinstance(layer, StochasticDepth):
        shape = (len(x), *[1] * (x.ndim - 1))
    drawn = [x.new_empty(shape).bernoulli_(keep, generator=each) for each in net.dropout]
    return _beside(units * torch.stack(drawn, dim=-2).div_(keep))


def _activation(layer: Activate, net: Forward, x: Tensor) -> Tensor:
    if layer.function == "relu" and layer.inputs[0] in net.fresh:
        return x.relu_()
    if layer.function == "softmax":
        return _beside(net.apart(x).softmax(-1))
    function = _ACTIVATIONS.get(layer.function) or getattr(functional, layer.function)
    return function(x)


def _zero_padding(layer: ZeroPadding, _: Forward, x: Tensor) -> Tensor:
    (top, bottom), (left, right) = layer.padding
    return functional.pad(x, (left, right, top, bottom))


def _multiply(_layer: Multiply, _net: Forward, *inputs: Tensor) -> Tensor:
    """A vector counts for every pixel of a map."""
    whole = max(x.ndim for x in inputs)
    return reduce(torch.mul, (x if x.ndim == whole else x[..., None, None] for x in inputs))


_FUNCTIONS: Mapping[type[Layer], Callable[..., Tensor]] = {
    Conv: _conv,
    DepthwiseConv: _depthwise_conv,
    Dense: _dense,
    Pool: _pool,
    GlobalAveragePool: lambda layer, _, x: x.mean(dim=(2, 3), keepdim=layer.keepdims),
    GlobalMaxPool: lambda layer, _, x: x.amax(dim=(2, 3), keepdim=layer.keepdims),
    BatchNorm: _batch_norm,
    Rescaling: _rescaling,
    Activate: _activation,
    Dropout: _dropping,
    StochasticDepth: _dropping,
    # In NHWC order; a vector stays as it is.
    Flatten: lambda _, net, x: net.apart(x).movedim(-2, 1).flatten(1),
    ZeroPadding: _zero_padding,
    Add: lambda _layer, _net, *inputs: reduce(torch.add, inputs),
    Concatenate: lambda _, net, *inputs: _beside(torch.cat([*map(net.apart, inputs)], dim=-1)),
    Multiply: _multiply,
}
"""What each layer computes; maps and vectors come and go with replicates side by side."""
