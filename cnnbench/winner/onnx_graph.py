"""A network as a graph of ONNX, an operator or a few for each layer.

Maps are NCHW to ONNX: images are turned round once, and maps again where they are flattened.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial, reduce
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from cnnbench.network.layers import (
    INPUT,
    Activate,
    Add,
    BatchNorm,
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAveragePool,
    GlobalMaxPool,
    Layer,
    Multiply,
    Pool,
    Rescaling,
    StochasticDepth,
    Windowed,
    ZeroPadding,
)
from cnnbench.network.network import Network, Node, Weights
from cnnbench.network.weights import by_layer

OPSET, IR = 18, 10
"""Of ONNX, which runtimes since 2024 know."""
MAP = 3
"""Axes of a map without that of the images."""

_ACTIVATIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {}),
    "sigmoid": ("Sigmoid", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "hard_swish": ("HardSwish", {}),
    "softplus": ("Softplus", {}),
    "softmax": ("Softmax", {"axis": 1}),
    "tanh": ("Tanh", {}),
}
"""Those that are an operator, and its attributes."""


def onnx_model(network: Network, weights: Weights) -> onnx.ModelProto:
    """A model with the input "images", NHWC in any number, and the output "probabilities".

    Its arrays have their canonical names, kernels of convolutions in OIHW.
    """
    graph = _Graph(by_layer(weights))
    made = {INPUT: graph.add("Transpose", "images", perm=[0, 3, 1, 2])}
    for node in network.nodes():
        inputs = [made[name] for name in node.layer.inputs]
        made[node.name] = _WRITERS[type(node.layer)](node.layer, graph, node, *inputs)
    scores = made[node.name]
    function = ("Sigmoid", {}) if network.output == "sigmoid" else ("Softmax", {"axis": 1})
    probabilities = graph.add(function[0], scores, output="probabilities", **function[1])
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "winner",
            [
                helper.make_tensor_value_info(
                    "images", TensorProto.FLOAT, ["n", *network.input_shape]
                )
            ],
            [helper.make_tensor_value_info(probabilities, TensorProto.FLOAT, ["n", *node.shape])],
            graph.arrays,
        ),
        producer_name="cnnbench",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
    )
    onnx.checker.check_model(model, full_check=True)
    return model


class _Graph:
    """Operators in order, and arrays; an operator's one output is named after it and counted."""

    def __init__(self, own: Mapping[str, Mapping[str, NDArray[np.float32]]]) -> None:
        self.own = own
        self.nodes: list[onnx.NodeProto] = []
        self.arrays: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """The name of its output."""
        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def array(self, name: str, values: Any, dtype: type = np.float32) -> str:
        """The name of an array."""
        self.arrays.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
        return name

    def arrays_of(
        self, node: Node, arrays: Mapping[str, NDArray[np.float32]], *parts: str
    ) -> list[str]:
        """The names of a layer's arrays, those of these parts that are there, in their order."""
        return [self.array(f"{node.name}/{part}", arrays[part]) for part in parts if part in arrays]

    def number(self, value: float) -> str:
        """A number, as an operator takes one."""
        return self.array(f"number_{len(self.arrays)}", value)


def _convolution(layer: Conv | DepthwiseConv, graph: _Graph, node: Node, x: str) -> str:
    own = graph.own[node.name]
    if isinstance(layer, Conv):
        kernel, groups = own["kernel"].transpose(3, 2, 0, 1), layer.groups
    else:
        kernel, groups = own["kernel"].transpose(2, 3, 0, 1), own["kernel"].shape[2]
    how = {**_sliding(layer, node), "dilations": layer.dilation, "group": groups}
    arrays = graph.arrays_of(node, {**own, "kernel": kernel}, "kernel", "bias")
    return _activated(graph, layer.activation, graph.add("Conv", x, *arrays, **how))


def _dense(layer: Dense, graph: _Graph, node: Node, x: str) -> str:
    arrays = graph.arrays_of(node, graph.own[node.name], "kernel", "bias")
    return _activated(graph, layer.activation, graph.add("Gemm", x, *arrays))


def _pool(layer: Pool, graph: _Graph, node: Node, x: str) -> str:
    how = {"kernel_shape": layer.size, **_sliding(layer, node)}
    if layer.kind == "max":
        return graph.add("MaxPool", x, **how)
    return graph.add("AveragePool", x, count_include_pad=0, **how)


def _global_pool(layer: GlobalAveragePool | GlobalMaxPool, graph: _Graph, _: Node, x: str) -> str:
    average = isinstance(layer, GlobalAveragePool)
    pooled = graph.add("GlobalAveragePool" if average else "GlobalMaxPool", x)
    return pooled if layer.keepdims else graph.add("Flatten", pooled)


def _batch_norm(layer: BatchNorm, graph: _Graph, node: Node, x: str) -> str:
    own = graph.own[node.name]
    whole = {"gamma": np.ones_like(own["mean"]), "beta": np.zeros_like(own["mean"]), **own}
    arrays = graph.arrays_of(node, whole, "gamma", "beta", "mean", "variance")
    return graph.add("BatchNormalization", x, *arrays, epsilon=layer.epsilon)


def _rescaling(layer: Rescaling, graph: _Graph, node: Node, x: str) -> str:
    shape = (-1, *[1] * (len(node.shape) - 1))
    scale, offset = (
        graph.array(f"{node.name}/{part}", np.reshape(getattr(layer, part), shape))
        for part in ("scale", "offset")
    )
    return graph.add("Add", graph.add("Mul", x, scale), offset)


def _flatten(_: Flatten, graph: _Graph, node: Node, x: str) -> str:
    """In NHWC order; a vector stays as it is."""
    turned = graph.add("Transpose", x, perm=[0, 2, 3, 1]) if len(node.inputs[0]) == MAP else x
    return graph.add("Flatten", turned)


def _zero_padding(layer: ZeroPadding, graph: _Graph, node: Node, x: str) -> str:
    (top, bottom), (left, right) = layer.padding
    pads = [0, 0, top, left, 0, 0, bottom, right]
    return graph.add("Pad", x, graph.array(f"{node.name}/padding", pads, np.int64))


def _multiply(_: Multiply, graph: _Graph, node: Node, *inputs: str) -> str:
    """A vector counts for every pixel of a map."""
    axes = graph.array(f"{node.name}/axes", [2, 3], np.int64)
    whole = [
        graph.add("Unsqueeze", x, axes) if len(shape) < len(node.shape) else x
        for x, shape in zip(inputs, node.inputs, strict=True)
    ]
    return reduce(partial(graph.add, "Mul"), whole)


def _activated(graph: _Graph, function: str, x: str) -> str:
    if function == "linear":
        return x
    if function == "relu6":
        return graph.add("Clip", x, graph.number(0), graph.number(6))
    if function == "silu":
        return graph.add("Mul", x, graph.add("Sigmoid", x))
    if function == "gelu":  # x (1 + erf(x / sqrt 2)) / 2
        risen = graph.add("Erf", graph.add("Mul", x, graph.number(math.sqrt(0.5))))
        share = graph.add("Mul", graph.add("Add", risen, graph.number(1)), graph.number(0.5))
        return graph.add("Mul", x, share)
    operator, how = _ACTIVATIONS[function]
    return graph.add(operator, x, **how)


def _sliding(layer: Windowed, node: Node) -> dict[str, Any]:
    window = layer.window(node.inputs[0])
    return {"strides": window.stride, "pads": [*window.before, *window.after]}


_WRITERS: Mapping[type[Layer], Callable[..., str]] = {
    Conv: _convolution,
    DepthwiseConv: _convolution,
    Dense: _dense,
    Pool: _pool,
    GlobalAveragePool: _global_pool,
    GlobalMaxPool: _global_pool,
    BatchNorm: _batch_norm,
    Rescaling: _rescaling,
    Activate: lambda layer, graph, _, x: _activated(graph, layer.function, x),
    Dropout: lambda _layer, _graph, _node, x: x,
    StochasticDepth: lambda _layer, _graph, _node, x: x,
    Flatten: _flatten,
    ZeroPadding: _zero_padding,
    Add: lambda _layer, graph, _, *inputs: graph.add("Sum", *inputs),
    Concatenate: lambda _layer, graph, _, *inputs: graph.add("Concat", *inputs, axis=1),
    Multiply: _multiply,
}
"""What each layer adds to the graph; they take names of their inputs, and return that of theirs."""
