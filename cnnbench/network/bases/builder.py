"""Writing a graph down layer by layer, each name used where a layer is meant."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cnnbench.network.layers import (
    INPUT,
    Activate,
    Activation,
    Add,
    AnyLayer,
    BatchNorm,
    Concatenate,
    Conv,
    Dense,
    DepthwiseConv,
    Dropout,
    Flatten,
    GlobalAveragePool,
    Layer,
    Multiply,
    Pool,
    Rescaling,
    Shape,
    ZeroPadding,
)
from cnnbench.network.network import Network

KERAS_NAMES: dict[type[Layer], str] = {
    Conv: "conv2d",
    BatchNorm: "batch_normalization",
    Activate: "activation",
    Add: "add",
    Concatenate: "concatenate",
    Pool: "pooling2d",
    ZeroPadding: "zero_padding2d",
}
"""What Keras calls layers that have no name; the second one gets _1, the third _2."""


class Builder:
    """Layers so far. A method adds one after the layer named by its first argument.

    It returns the new layer's name. Convolutions have no activation, and no bias unless they are
    told to.
    """

    def __init__(self, input_shape: tuple[int, int, int]) -> None:
        self.input_shape = input_shape
        self.layers: list[AnyLayer] = []
        self._shapes: dict[str, Shape] = {INPUT: input_shape}
        self._unnamed: Counter[str] = Counter()

    def add(self, layer: Any, *inputs: str, name: str = "") -> str:
        """Any layer; called as Keras would if it has no name."""
        name = name or self._name(layer)
        placed = layer.model_copy(update={"name": name, "inputs": inputs})
        self.layers.append(placed)
        self._shapes[name] = placed.output_shape(*(self._shapes[x] for x in inputs))
        return name

    def shape(self, name: str) -> Shape:
        """Of a layer's output."""
        return self._shapes[name]

    def channels(self, name: str) -> int:
        """Of a layer's output."""
        return self._shapes[name][-1]

    def conv(
        self,
        x: str,
        filters: int,
        kernel: int | tuple[int, int],
        name: str = "",
        *,
        stride: int = 1,
        padding: str = "valid",
        bias: bool = False,
        activation: Activation = "linear",
    ) -> str:
        """A convolution."""
        size = (kernel, kernel) if isinstance(kernel, int) else kernel
        layer = Conv(
            filters=filters,
            kernel=size,
            stride=(stride, stride),
            padding="same" if padding == "same" else "valid",
            use_bias=bias,
            activation=activation,
        )
        return self.add(layer, x, name=name)

    def depthwise(
        self, x: str, kernel: int, name: str, *, stride: int = 1, padding: str = "same"
    ) -> str:
        """A depthwise convolution."""
        layer = DepthwiseConv(
            kernel=(kernel, kernel),
            stride=(stride, stride),
            padding="same" if padding == "same" else "valid",
            use_bias=False,
            activation="linear",
        )
        return self.add(layer, x, name=name)

    def depthwise_padded(self, x: str, kernel: int, stride: int, name: str, pad: str) -> str:
        """A depthwise convolution; with strides over a map padded as PyTorch's networks are."""
        if stride == 1:
            return self.depthwise(x, kernel, name)
        return self.depthwise(
            self.pad_for(x, kernel, pad), kernel, name, stride=stride, padding="valid"
        )

    def norm(self, x: str, name: str = "", **settings: Any) -> str:
        """Batch normalisation."""
        return self.add(BatchNorm(**settings), x, name=name)

    def activate(self, x: str, function: Activation, name: str = "") -> str:
        """An activation."""
        return self.add(Activate(function=function), x, name=name)

    def pad(self, x: str, rows: tuple[int, int], columns: tuple[int, int], name: str = "") -> str:
        """Zeros around a map."""
        return self.add(ZeroPadding(padding=(rows, columns)), x, name=name)

    def pad_for(self, x: str, kernel: int, name: str) -> str:
        """Zeros such that a kernel with stride 2 fits: before an even side one less than after."""
        height, width, _ = self._shapes[x]
        half = kernel // 2
        rows, columns = ((half - 1 + side % 2, half) for side in (height, width))
        return self.pad(x, rows, columns, name)

    def pool(
        self,
        x: str,
        size: int,
        name: str = "",
        *,
        kind: str = "max",
        stride: int = 2,
        padding: str = "valid",
    ) -> str:
        """Pooling."""
        layer = Pool(
            kind="max" if kind == "max" else "average",
            size=(size, size),
            stride=(stride, stride),
            padding="same" if padding == "same" else "valid",
        )
        return self.add(layer, x, name=name)

    def squeeze_excite(
        self,
        x: str,
        units: int,
        names: tuple[str, str, str, str],
        functions: tuple[Activation, Activation],
    ) -> str:
        """X times a factor a channel, found from the means of all (Hu, Shen and Sun 2018).

        names: of mean, first and second convolution and product.
        """
        mean, first, second, product = names
        y = self.add(GlobalAveragePool(keepdims=True), x, name=mean)
        y = self.conv(y, units, 1, first, padding="same", bias=True, activation=functions[0])
        outputs = self.channels(x)
        y = self.conv(y, outputs, 1, second, padding="same", bias=True, activation=functions[1])
        return self.add(Multiply(), x, y, name=product)

    def mean_map(self, x: str) -> str:
        """A map of 1x1: the mean of each channel."""
        return self.add(GlobalAveragePool(keepdims=True), x, name="global_average_pooling2d")

    def sum(self, x: str, y: str, name: str = "") -> str:
        """X + y."""
        return self.add(Add(), x, y, name=name)

    def side_by_side(self, *inputs: str, name: str = "") -> str:
        """All channels."""
        return self.add(Concatenate(), *inputs, name=name)

    def rescale(self, x: str, name: str, scale: Any, offset: Any) -> str:
        """Constants for each channel."""
        return self.add(Rescaling(scale=scale, offset=offset), x, name=name)

    def network(
        self, x: str, *, top: bool, classes: int, dropout: float = 0.0, name: str = "predictions"
    ) -> Network:
        """The network that ends in x, with `top` in the means of its channels and the scores."""
        if top:
            x = self.add(GlobalAveragePool(), x, name="avg_pool")
            if dropout:
                x = self.add(Dropout(rate=dropout), x, name="top_dropout")
            self.add(Dense(units=classes, activation="linear"), x, name=name)
        return self.finish(classes=classes if top else 0)

    def flatten(self, x: str, name: str) -> str:
        """A vector."""
        return self.add(Flatten(), x, name=name)

    def dense(self, x: str, units: int, name: str, activation: Activation) -> str:
        """A dense layer."""
        return self.add(Dense(units=units, activation=activation), x, name=name)

    def finish(self, *, classes: int) -> Network:
        """The network; classes: 0 without a classifier."""
        return Network(
            input_shape=self.input_shape,
            layers=tuple(self.layers),
            classes=classes,
            output="softmax" if classes else "features",
        )

    def _name(self, layer: Layer) -> str:
        kind = KERAS_NAMES[type(layer)]
        if isinstance(layer, Pool):
            kind = f"{layer.kind}_{kind}"
        count = self._unnamed[kind]
        self._unnamed[kind] += 1
        return f"{kind}_{count}" if count else kind
