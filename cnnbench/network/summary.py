"""A network as a table: a row a layer, totals, and what a teacher would remark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from cnnbench.network.cost import Cost, layer_costs
from cnnbench.network.labels import label
from cnnbench.network.layers import Conv, Dense, Flatten
from cnnbench.network.network import Network, Shape
from cnnbench.network.receptive import Receptive, receptive_fields
from cnnbench.network.shapes import describe_shape, layer_shapes

MOST = 0.5
"""A layer with more than this share of all weights holds most of them."""
NARROW = 1 / 3
"""A receptive field below this share of the image's side is small."""


@dataclass(frozen=True, slots=True)
class Row:
    """One layer. shape: of its output. label: the layer in words."""

    name: str
    label: str
    shape: Shape
    parameters: int
    flops: int
    receptive: Receptive


@dataclass(frozen=True, slots=True)
class Summary:
    """A network's layers in order, their totals, and sentences about what stands out."""

    input_shape: Shape
    rows: tuple[Row, ...]
    parameters: int
    trainable_parameters: int
    flops: int
    warnings: tuple[str, ...]


def summarize(network: Network) -> Summary:
    """Everything about a network that needs no framework.

    Raises NetworkError where a layer can't take its input.
    """
    costs = layer_costs(network)
    labels = [label(layer) for layer in network.layers]
    labels[-1] += f", {network.output}"
    rows = tuple(
        Row(name, text, shape, cost.parameters, cost.flops, receptive)
        for (name, _), text, shape, cost, receptive in zip(
            network.named_layers(),
            labels,
            layer_shapes(network),
            costs,
            receptive_fields(network),
            strict=True,
        )
    )
    totals = sum(costs, start=Cost(0, 0, 0))
    return Summary(
        input_shape=network.input_shape,
        rows=rows,
        parameters=totals.parameters,
        trainable_parameters=totals.trainable_parameters,
        flops=totals.flops,
        warnings=(
            *_heavy_dense(network, rows, totals.parameters),
            *_narrow_view(network, rows),
        ),
    )


def _heavy_dense(network: Network, rows: tuple[Row, ...], total: int) -> Iterator[str]:
    """A dense layer on a flattened map of a convolutional network that outweighs the rest."""
    last = _last_convolution(network)
    flattens = [i for i, layer in enumerate(network.layers) if isinstance(layer, Flatten)]
    if last is None or not flattens:
        return
    flatten = flattens[0]
    shape = rows[flatten - 1].shape
    dense = next(i for i in range(flatten, len(rows)) if isinstance(network.layers[i], Dense))
    if len(shape) > 1 and rows[dense].parameters > MOST * total:
        yield (
            f"{rows[dense].name} holds {rows[dense].parameters:,} of the {total:,} "
            f"parameters, as the map that it flattens has {describe_shape(shape)} = "
            f"{prod(shape):,} values; pooling shrinks the map, global average pooling leaves only "
            f"{shape[-1]:,} values of it."
        )


def _narrow_view(network: Network, rows: tuple[Row, ...]) -> Iterator[str]:
    """A last convolution that sees only a small part of the image."""
    last = _last_convolution(network)
    if last is None:
        return
    size, image = rows[last].receptive.size, network.input_shape[:2]
    if any(seen < NARROW * side for seen, side in zip(size, image, strict=True)):
        yield (
            f"A unit of {rows[last].name}, the last convolution, sees only {describe_shape(size)} "
            f"of the {describe_shape(image)} pixels; pooling, strides, larger kernels or more "
            "convolutions widen its view."
        )


def _last_convolution(network: Network) -> int | None:
    found = [i for i, layer in enumerate(network.layers) if isinstance(layer, Conv)]
    return found[-1] if found else None
