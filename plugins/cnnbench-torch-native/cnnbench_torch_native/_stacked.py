"""Replicates of a network as one: their channels lie side by side in one network, in groups.

Whatever works channel by channel then does so for all of them at once; convolutions take as many
groups more, dense layers become a product of batches of matrices, and the rest is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from cnnbench.plugin import (
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Dropping,
    Flatten,
    Layer,
    Network,
    Optimization,
    Rescaling,
    ResidentSplits,
    StackedStepModel,
    StochasticDepth,
    Weights,
    by_layer,
    penalized_kernels,
    trainable_arrays,
)
from cnnbench_torch_native._device import OnDevice, canonical, judge
from cnnbench_torch_native._layers import (
    FUSED,
    MAKERS,
    SOFTMAX,
    Maker,
    Part,
    Place,
    Step,
    compute,
    drop,
    network_parts,
)
from cnnbench_torch_native._optimizer import make_update


class TorchStack(OnDevice, StackedStepModel):
    """Replicates on the device of their dropout's generators, one each."""

    def __init__(
        self,
        network: Network,
        weights: Sequence[Weights],
        optimization: Optimization,
        dropout: Sequence[torch.Generator],
        resident: ResidentSplits | None,
    ) -> None:
        self.resident = resident
        self.count = len(weights)
        self.device = dropout[0].device
        self._binary = network.output == "sigmoid"
        self._half = optimization.precision == "bfloat16"
        # PyTorch has the channels of a depthwise kernel behind an axis of one.
        deep = {f"{x.name}/kernel" for x in network.nodes() if isinstance(x.layer, DepthwiseConv)}
        self._axes = {name: int(name in deep) for name in weights[0]}
        self._arrays = {
            name: torch.cat([self.tensor(each[name]) for each in weights], axis)
            for name, axis in self._axes.items()
        }
        self._trainable = {
            name: self._arrays[name].requires_grad_()
            for name in trainable_arrays(network, optimization.frozen)
        }
        self._penalized = [(name, *p) for name, p in penalized_kernels(network).items()]
        own = by_layer(self._arrays)
        makers = _stacked_makers(self.count, dropout)
        make = partial(network_parts, network, own, optimization.frozen, makers=makers)
        self._training = make(dropout[0], self.device)
        self._prediction = make(None, self.device)
        self._largest = optimization.global_clipnorm
        alike = replace(optimization, global_clipnorm=0.0)
        self._update = make_update([*self._trainable.values()], alike)

    def train_step(
        self, images: Sequence[Tensor], labels: Sequence[Tensor], weights: Sequence[Tensor]
    ) -> Tensor:
        """One step of each; what one loses has no slope in the arrays of another."""
        scores = self._scores(images, self._training).flatten(0, 1)
        losses, hits = (x.view(self.count, -1) for x in judge(scores, torch.cat([*labels])))
        loss = (losses * torch.stack([*weights])).sum(1)
        penalty = torch.zeros(self.count, device=self.device)
        for name, l1, l2 in self._penalized:
            kernels = self._apart(name, self._arrays[name]).flatten(1)
            penalty = penalty + l1 * kernels.abs().sum(1) + l2 * kernels.square().sum(1)
        if self._trainable:
            (loss / len(images[0]) + penalty).sum().backward()
        if self._largest and self._trainable:
            self._clip()
        self._update(self.learning_rate)
        for array in self._trainable.values():
            array.grad = None
        return torch.stack([loss.detach(), penalty.detach(), hits.sum(1).float()], dim=1)

    def predict_step(self, images: Sequence[Tensor], batch_size: int) -> Tensor:  # noqa: ARG002 - any size will do
        """Probabilities of one batch of each."""
        with torch.inference_mode():
            probabilities = self._scores(images, self._prediction).softmax(dim=2)
            return probabilities[..., 1:] if self._binary else probabilities

    def get_weights(self, replicate: int) -> Weights:
        """Every array of one, copied."""
        return {
            name: canonical(self._apart(name, array)[replicate])
            for name, array in self._arrays.items()
        }

    def set_weights(self, replicate: int, weights: Weights) -> None:
        """Replace every array of one."""
        with torch.no_grad():
            for name, array in self._arrays.items():
                self._apart(name, array)[replicate].copy_(self.tensor(weights[name]))

    def _clip(self) -> None:
        """Each replicate's gradients by their own norm; all else in an update is value by value."""
        parts = [self._apart(name, array.grad) for name, array in self._trainable.items()]
        squares = [part.flatten(1).square().sum(1) for part in parts]
        norms = torch.stack(squares).sum(0).sqrt()
        factors = self._largest / norms.clamp(min=self._largest)
        for part in parts:
            part.mul_(factors.view(-1, *[1] * (part.ndim - 1)))

    def _apart(self, name: str, array: Tensor) -> Tensor:
        """An array of that name, or its gradient, with replicates along a first axis: a view."""
        axis = self._axes[name]
        return array.unflatten(axis, (self.count, -1)).movedim(axis, 0)

    def _scores(self, images: Sequence[Tensor], parts: list[Part]) -> Tensor:
        """(replicates, images, classes); of a single unit as `TorchModel` has them."""
        beside = torch.cat([*images], dim=3)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._half):
            x = compute(parts, beside.permute(0, 3, 1, 2))
        scores = x.float().unflatten(1, (self.count, -1)).movedim(1, 0)
        return functional.pad(scores, (1, 0)) if self._binary else scores


def _stacked_makers(
    count: int, generators: Sequence[torch.Generator]
) -> Mapping[type[Layer], Maker]:
    """Those of a single network, and others where replicates would touch each other."""

    def convolution(layer: Conv, place: Place) -> list[Step]:
        return MAKERS[Conv](layer.model_copy(update={"groups": count * layer.groups}), place)

    def dense(layer: Dense, place: Place) -> list[Step]:
        step = partial(_dense, count, place.own["kernel"], place.own.get("bias"))
        return [step, *FUSED[layer.activation]]

    def dropping(layer: Dropping, place: Place) -> list[Step]:
        return [] if place.dropout is None else [partial(_drop, layer, generators)]

    def apart(maker: Maker) -> Maker:
        return lambda layer, place: [partial(_apart, count, step) for step in maker(layer, place)]

    def without_softmax(maker: Maker) -> Maker:
        by_replicate = partial(_apart, count, SOFTMAX)
        return lambda *it: [by_replicate if step is SOFTMAX else step for step in maker(*it)]

    makers: dict[type[Layer], Maker] = {
        **MAKERS,
        Conv: convolution,
        Dense: dense,
        Dropout: dropping,
        StochasticDepth: dropping,
        **{kind: apart(MAKERS[kind]) for kind in (Flatten, Concatenate, Rescaling)},
    }
    return {kind: without_softmax(maker) for kind, maker in makers.items()}


def _apart(count: int, step: Callable[..., Tensor], *inputs: Tensor) -> Tensor:
    """A step that takes replicates for images."""
    images = (x.unflatten(1, (count, -1)).flatten(0, 1) for x in inputs)
    return step(*images).unflatten(0, (-1, count)).flatten(1, 2)


def _dense(count: int, kernel: Tensor, bias: Tensor | None, x: Tensor) -> Tensor:
    """kernel: (replicates * in, out). x: (images, replicates * in)."""
    vectors = x.unflatten(1, (count, -1)).movedim(1, 0)
    outputs = torch.bmm(vectors, kernel.unflatten(0, (count, -1))).movedim(0, 1).flatten(1)
    return outputs if bias is None else outputs + bias


def _drop(layer: Dropping, generators: Sequence[torch.Generator], x: Tensor) -> Tensor:
    """Each replicate's units by its own generator."""
    parts = zip(x.chunk(len(generators), 1), generators, strict=True)
    dropped: Any = torch.cat([drop(layer, generator, part) for part, generator in parts], 1)
    return dropped
