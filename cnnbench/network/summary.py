"""A network as a table: a row a layer, totals, and what a teacher would remark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from cnnbench.network.cost import Cost, node_cost
from cnnbench.network.layers import Convolution, Dense, Flatten, Shape, describe_shape
from cnnbench.network.network import Network, Node
from cnnbench.network.receptive import Receptive, receptive_fields

MOST = 0.5
"""A layer with more than this share of all weights holds most of them."""
NARROW = 1 / 3
"""A receptive field below this share of the image's side is small."""


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer. shape: of its output. label: the layer in words."""

    name: str
    label: str
    shape: Shape
    parameters: int
    flops: int
    receptive: Receptive


@dataclass(frozen=True, slots=True)
class NetworkSummary:
    """A network's layers in order, their totals, and sentences about what stands out."""

    input_shape: Shape
    rows: tuple[LayerRow, ...]
    parameters: int
    trainable_parameters: int
    flops: int
    warnings: tuple[str, ...]


def summarize(network: Network) -> NetworkSummary:
    """Everything about a network that needs no framework.

    Raises NetworkError where a layer can't take its input.
    """
    nodes = network.nodes()
    costs = [node_cost(node) for node in nodes]
    labels = [node.layer.label for node in nodes]
    labels[-1] += f", {network.output}"
    rows = tuple(
        LayerRow(node.name, text, node.shape, cost.parameters, cost.flops, receptive)
        for node, text, cost, receptive in zip(
            nodes, labels, costs, receptive_fields(network), strict=True
        )
    )
    totals = sum(costs, start=Cost(0, 0, 0))
    return NetworkSummary(
        input_shape=network.input_shape,
        rows=rows,
        parameters=totals.parameters,
        trainable_parameters=totals.trainable_parameters,
        flops=totals.flops,
        warnings=(
            *_heavy_dense(nodes, rows, totals.parameters),
            *_narrow_view(nodes, rows, network.input_shape),
        ),
    )


def _heavy_dense(nodes: Sequence[Node], rows: Sequence[LayerRow], total: int) -> Iterator[str]:
    """A dense layer on a flattened map of a convolutional network that outweighs the rest."""
    flattens = [at for at, node in enumerate(nodes) if isinstance(node.layer, Flatten)]
    if _last_convolution(nodes) is None or not flattens:
        return
    flatten = flattens[0]
    [shape] = nodes[flatten].inputs
    dense = next(
        (row for row, x in zip(rows[flatten:], nodes[flatten:], strict=True) if _is_dense(x)), None
    )
    if dense and len(shape) > 1 and dense.parameters > MOST * total:
        yield (
            f"{dense.name} holds {dense.parameters:,} of the {total:,} "
            f"parameters, as the map that it flattens has {describe_shape(shape)} = "
            f"{prod(shape):,} values; pooling shrinks the map, global average pooling leaves only "
            f"{shape[-1]:,} values of it."
        )


def _is_dense(node: Node) -> bool:
    return isinstance(node.layer, Dense)


def _narrow_view(nodes: Sequence[Node], rows: Sequence[LayerRow], image: Shape) -> Iterator[str]:
    """A last convolution that sees only a small part of the image."""
    last = _last_convolution(nodes)
    if last is None:
        return
    size, sides = rows[last].receptive.size, image[:2]
    if any(seen < NARROW * side for seen, side in zip(size, sides, strict=True)):
        yield (
            f"A unit of {rows[last].name}, the last convolution, sees only {describe_shape(size)} "
            f"of the {describe_shape(sides)} pixels; pooling, strides, larger kernels or more "
            "convolutions widen its view."
        )


def _last_convolution(nodes: Sequence[Node]) -> int | None:
    found = [at for at, node in enumerate(nodes) if isinstance(node.layer, Convolution)]
    return found[-1] if found else None
