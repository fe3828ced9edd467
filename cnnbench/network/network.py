"""A network: an input shape, layers that name their inputs, and what turns scores into classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from cnnbench.network.graph import default_names, spelled_out
from cnnbench.network.layers import INPUT, AnyLayer, Layer, Shape

Weights = Mapping[str, NDArray[np.float32]]
"""Every array of a network by name, "conv_1/kernel", in the canonical layout.

Kernels: (height, width, in / groups, out) of a convolution, (height, width, in, 1) of a depthwise
one, (in, out) of a dense layer. Biases: (out,). Batch normalisation: "batch_norm_1/gamma", "/beta",
"/mean", "/variance", each (channels,).
"""


@dataclass(frozen=True, slots=True)
class Node:
    """A layer in its place, its name and its inputs spelled out.

    inputs: the shapes of its inputs. shape: of its output. Both without the batch axis. spent: the
    names of inputs that no layer after it takes.
    """

    layer: Layer
    inputs: tuple[Shape, ...]
    shape: Shape
    spent: frozenset[str]

    @property
    def name(self) -> str:
        """The layer's."""
        return self.layer.name


class Network(BaseModel):
    """What a backend builds: a graph of layers with one input and one output.

    A layer takes what the layers it names have made, "input" being the images; one that names
    nobody takes the output of the layer above. A layer names only layers above it, so that
    computing them in order is right; the last one makes the network's output.

    The last layer is a dense one without activation: its units are the scores (logits). `output`
    says how they become probabilities and which loss trains them: "softmax" with categorical
    cross-entropy over `classes` units, or "sigmoid" with binary cross-entropy on a single unit that
    scores class 1.

    A network without a classifier has the output "features": what its last layer makes, a map or a
    vector, is predicted as it is. Nothing trains it; it has 0 classes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    input_shape: tuple[int, int, int]
    layers: tuple[AnyLayer, ...]
    classes: int
    output: Literal["softmax", "sigmoid", "features"] = "softmax"

    def nodes(self) -> tuple[Node, ...]:
        """The layers in an order in which they can be computed, the last one the output.

        Raises NetworkError where the layers are no graph, or one can't take its inputs.
        """
        shapes: dict[str, Shape] = {INPUT: self.input_shape}
        layers = spelled_out(self.layers)
        last = {name: layer.name for layer in layers for name in layer.inputs}
        nodes = []
        for layer in layers:
            inputs = tuple(shapes[name] for name in layer.inputs)
            spent = frozenset(name for name in layer.inputs if last[name] == layer.name)
            node = Node(layer, inputs, layer.output_shape(*inputs), spent)
            shapes[layer.name] = node.shape
            nodes.append(node)
        return tuple(nodes)

    def named_layers(self) -> Iterator[tuple[str, Layer]]:
        """The layers by name, inputs spelled out: without a name the type and a count per type."""
        return ((layer.name, layer) for layer in spelled_out(self.layers))

    def settings(self) -> dict[str, Any]:
        """Plain values that two networks share if and only if they compute the same.

        A name stands there where it is not the one that a layer gets anyway, and decides what is
        drawn for the layer; inputs stand there where they are not the layer above, by their place.
        """
        layers: list[dict[str, Any]] = []
        places = {INPUT: 0}
        for layer, default in zip(
            spelled_out(self.layers), default_names(self.layers), strict=True
        ):
            named = {"name": layer.name} if layer.draws and layer.name != default else {}
            inputs = [places[name] for name in layer.inputs]
            wired = {"inputs": inputs} if inputs != [len(layers)] else {}
            layers.append(layer.settings() | named | wired)
            places[layer.name] = len(layers)
        return self.model_dump(exclude={"layers"}) | {"layers": layers}
