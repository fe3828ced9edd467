"""Networks as lists of PyTorch functions, for replicates whose channels lie side by side.

A map is (images, replicates * channels, height, width) to PyTorch and lies in memory as NHWC
(channels_last): images come that way, and flattening in NHWC order costs nothing. Whatever works
channel by channel does so for all replicates at once, a convolution takes as many groups more, and
the rest tells replicates apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial, reduce
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
    Node,
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


@dataclass(frozen=True)
class Step:
    """A layer in its place, a function of its inputs.

    own: its arrays as Keras has them, with replicates along a first axis. count: of replicates.
    dropout: a generator of each; none in prediction. fixed: whether it normalises by the moving
    statistics. overwrites: whether ReLU may.
    """

    node: Node
    own: Mapping[str, Tensor]
    count: int
    dropout: Sequence[torch.Generator]
    fixed: bool
    overwrites: bool

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Maps or vectors, with replicates side by side."""
        return _FUNCTIONS[type(self.node.layer)](self.node.layer, self, *inputs)

    @cached_property
    def window(self) -> tuple[list[int], dict[str, Any]]:
        """What to pad by before, as PyTorch pads both sides alike; and stride and padding."""
        layer = self.node.layer
        assert isinstance(layer, Windowed), f"{layer.name} has no window"
        window = layer.window(self.node.inputs[0])
        (top, left), (bottom, right) = window.before, window.after
        if window.before == window.after:
            return [], {"stride": window.stride, "padding": window.before}
        return [left, right, top, bottom], {"stride": window.stride}


def network_steps(
    network: Network,
    arrays: Mapping[str, Mapping[str, Tensor]],
    frozen: frozenset[str],
    count: int,
    dropout: Sequence[torch.Generator] = (),
) -> list[Step]:
    """What computes the scores. arrays: of each layer that has some; all else as in `Step`."""
    nodes = late_activations(network).nodes()
    uses = Counter(name for node in nodes for name in node.layer.inputs)
    fresh = {x.name for x in nodes if isinstance(x.layer, _FRESH) and uses[x.name] == 1}
    return [
        Step(
            node,
            arrays.get(node.name, {}),
            count,
            dropout,
            fixed=not dropout or node.name in frozen,
            overwrites=node.layer.inputs[0] in fresh,
        )
        for node in nodes
    ]


def compute(steps: Sequence[Step], images: Tensor) -> Tensor:
    """The output of the last layer, of NCHW images."""
    made = {INPUT: images}
    for step in steps:
        inputs = [made[name] for name in step.node.layer.inputs]
        for name in step.node.spent:
            del made[name]
        made[step.node.name] = step(*inputs)
    return made[steps[-1].node.name]


def apart(x: Tensor, count: int) -> Tensor:
    """(images, replicates * channels, ...) as a view of (images, ..., replicates, channels)."""
    return x.movedim(1, -1).unflatten(-1, (count, -1))


def _beside(x: Tensor) -> Tensor:
    """The way back."""
    return x.flatten(-2).movedim(-1, 1)


def _padded(x: Tensor, at: Step, value: float = 0.0) -> Tensor:
    return functional.pad(x, at.window[0], value=value) if at.window[0] else x


def _conv(layer: Conv, at: Step, x: Tensor) -> Tensor:
    weight = at.own["kernel"].permute(0, 4, 3, 1, 2)
    return _convolve(layer, at, x, weight, groups=at.count * layer.groups)


def _depthwise_conv(layer: DepthwiseConv, at: Step, x: Tensor) -> Tensor:
    weight = at.own["kernel"].permute(0, 3, 4, 1, 2)
    return _convolve(layer, at, x, weight, groups=x.shape[1])


def _convolve(layer: Convolution, at: Step, x: Tensor, weight: Tensor, groups: int) -> Tensor:
    """weight: (replicates, out, in, height, width)."""
    bias = at.own["bias"].flatten() if layer.use_bias else None
    how = at.window[1] | {"groups": groups, "dilation": layer.dilation}
    return functional.conv2d(_padded(x, at), weight.flatten(0, 1), bias, **how)


def _dense(layer: Dense, at: Step, x: Tensor) -> Tensor:
    kernel, bias = at.own["kernel"], at.own["bias"] if layer.use_bias else None
    if at.count == 1:  # a product of batches takes a third longer
        return x.mm(kernel[0]) if bias is None else torch.addmm(bias[0], x, kernel[0])
    products = apart(x, at.count).transpose(0, 1).bmm(kernel)
    return _beside((products if bias is None else products + bias[:, None]).transpose(0, 1))


def _pool(layer: Pool, at: Step, x: Tensor) -> Tensor:
    pad, window = at.window
    if layer.kind == "max":
        return functional.max_pool2d(_padded(x, at, -torch.inf), layer.size, **window)
    average = partial(functional.avg_pool2d, kernel_size=layer.size, count_include_pad=False)
    means = average(_padded(x, at), **window)
    # By the share of each window that is not padding.
    return means / average(_padded(torch.ones_like(x[:1, :1]), at), **window) if pad else means


def _batch_norm(layer: BatchNorm, at: Step, x: Tensor) -> Tensor:
    own = {part: array.flatten() for part, array in at.own.items()}
    mean, variance, gamma, beta = own["mean"], own["variance"], own.get("gamma"), own.get("beta")
    if at.fixed:
        return functional.batch_norm(x, mean, variance, gamma, beta, eps=layer.epsilon)
    output, *statistics = normalize(x, gamma, beta, layer.epsilon)
    with torch.no_grad():
        mean.lerp_(statistics[0], 1 - layer.momentum)
        variance.lerp_(statistics[1], 1 - layer.momentum)
    return output


def _rescaling(layer: Rescaling, at: Step, x: Tensor) -> Tensor:
    scale, offset = (torch.tensor(y, device=x.device) for y in (layer.scale, layer.offset))
    return _beside(apart(x, at.count) * scale + offset)


def _dropping(layer: Dropping, at: Step, x: Tensor) -> Tensor:
    """Units are drawn for one by one, or an image at a time."""
    if not at.dropout:
        return x
    whole, keep = isinstance(layer, StochasticDepth), 1 - layer.rate
    shape = (len(x), *([1] * len(at.node.shape) if whole else at.node.shape))
    drawn = [x.new_empty(shape).bernoulli_(keep, generator=each) for each in at.dropout]
    return _beside(apart(x, at.count) * torch.stack(drawn, dim=-2).div_(keep))


def _activation(layer: Activate, at: Step, x: Tensor) -> Tensor:
    if layer.function == "relu" and at.overwrites:
        return x.relu_()
    if layer.function == "softmax":
        return _beside(apart(x, at.count).softmax(-1))
    function = _ACTIVATIONS.get(layer.function) or getattr(functional, layer.function)
    return function(x)


def _zero_padding(layer: ZeroPadding, _: Step, x: Tensor) -> Tensor:
    (top, bottom), (left, right) = layer.padding
    return functional.pad(x, (left, right, top, bottom))


def _multiply(_: Multiply, at: Step, *inputs: Tensor) -> Tensor:
    """A vector counts for every pixel of a map."""
    whole = 1 + len(at.node.shape)
    return reduce(torch.mul, (x if x.ndim == whole else x[..., None, None] for x in inputs))


def _concatenate(_: Concatenate, at: Step, *inputs: Tensor) -> Tensor:
    return _beside(torch.cat([apart(x, at.count) for x in inputs], dim=-1))


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
    Flatten: lambda _, at, x: apart(x, at.count).movedim(-2, 1).flatten(1),
    ZeroPadding: _zero_padding,
    Add: lambda _layer, _at, *inputs: reduce(torch.add, inputs),
    Concatenate: _concatenate,
    Multiply: _multiply,
}
"""What each layer computes; maps and vectors come and go with replicates side by side."""
