"""From a layer to the Keras layer of the same meaning.

Penalties are the training step's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras

from cnnbench.plugin import (
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
    Node,
    Pool,
    Rescaling,
    StochasticDepth,
    ZeroPadding,
    padding_of,
)
from cnnbench_keras._pooling import keras_pooling, pooling


@dataclass(frozen=True, slots=True)
class Making:
    """What a Keras layer depends on beside the parameters of ours.

    common: arguments of every layer. seed: of its dropout. initializer: fills arrays until they are
    set. portable: whether it may be a layer of Keras alone, as it is to be saved for others.
    """

    node: Node
    common: dict[str, Any]
    data_format: str
    seed: int
    initializer: Callable[..., Any] | str
    portable: bool = False

    @property
    def maps(self) -> dict[str, Any]:
        """Arguments of layers that care how maps lie in memory."""
        return self.common | {"data_format": self.data_format}

    @property
    def axis(self) -> int:
        """That of the channels."""
        return 1 if self.data_format == "channels_first" else -1

    def beginnings(self, *names: str) -> dict[str, Any]:
        """Arguments that fill these arrays."""
        return {f"{name}_initializer": self.initializer for name in names}

    def function(self, name: str) -> Any:
        """An activation, softmax over the channels wherever they lie."""
        turned = name == "softmax" and self.axis != -1
        return partial(keras.activations.softmax, axis=self.axis) if turned else name

    def sliding(self, layer: Convolution) -> dict[str, Any]:
        """Arguments of both convolutions."""
        return self.maps | {
            "kernel_size": layer.kernel,
            "strides": layer.stride,
            "padding": layer.padding,
            "dilation_rate": layer.dilation,
            "activation": self.function(layer.activation),
            "use_bias": layer.use_bias,
        }


def keras_layer(making: Making) -> Any:
    """The Keras layer; it takes one input, or for layers that join a list."""
    makers = _MAKERS | _PORTABLE if making.portable else _MAKERS
    return makers[type(making.node.layer)](making.node.layer, making)


def _conv(layer: Conv, making: Making) -> Any:
    return keras.layers.Conv2D(
        layer.filters,
        groups=layer.groups,
        **making.sliding(layer),
        **making.beginnings("kernel", "bias"),
    )


def _depthwise_conv(layer: DepthwiseConv, making: Making) -> Any:
    uneven = keras.config.backend() == "tensorflow" and len(set(layer.stride)) > 1
    uneven &= not making.portable
    kind = UnevenDepthwiseConv if uneven else keras.layers.DepthwiseConv2D
    return kind(**making.sliding(layer), **making.beginnings("depthwise", "bias"))


def _dense(layer: Dense, making: Making) -> Any:
    return keras.layers.Dense(
        layer.units,
        activation=making.function(layer.activation),
        use_bias=layer.use_bias,
        **making.beginnings("kernel", "bias"),
        **making.common,
    )


def _batch_norm(layer: BatchNorm, making: Making) -> Any:
    return keras.layers.BatchNormalization(
        axis=making.axis,
        momentum=layer.momentum,
        epsilon=layer.epsilon,
        scale=layer.scale,
        center=layer.center,
        **making.beginnings("beta", "gamma", "moving_mean", "moving_variance"),
        **making.common,
    )


def _dropping(layer: Dropping, making: Making) -> Any:
    """Units are drawn for one by one, or an image at a time."""
    whole = (None, *[1] * len(making.node.shape))
    shape = whole if isinstance(layer, StochasticDepth) else None
    return keras.layers.Dropout(layer.rate, noise_shape=shape, seed=making.seed, **making.common)


# Keras has no types: its classes are Any to mypy.
class UnevenDepthwiseConv(keras.layers.DepthwiseConv2D):  # type: ignore[misc]
    """A depthwise convolution with a stride of its own along each axis.

    TensorFlow has kernels for equal ones alone: every position is computed, some are taken.
    """

    def call(self, maps: Any) -> Any:
        """maps: (n, height, width, channels)."""
        if self.padding == "same":
            sides = zip(maps.shape[1:3], self.kernel_size, self.strides, strict=True)
            borders = [padding_of(*side, "same") for side in sides]
            maps = keras.ops.pad(maps, [(0, 0), *borders, (0, 0)])
        maps = keras.ops.depthwise_conv(maps, self.kernel, data_format="channels_last")
        maps = maps[:, :: self.strides[0], :: self.strides[1]]
        return self.activation(maps if self.bias is None else maps + self.bias)


class Scaling(keras.layers.Layer):  # type: ignore[misc]
    """scale * x + offset; Keras's own asks a global setting where the channels lie."""

    def __init__(self, layer: Rescaling, axis: int, **common: Any) -> None:
        super().__init__(**common)
        self._constants, self._axis = (layer.scale, layer.offset), axis

    def call(self, x: Any) -> Any:
        """x: a batch of maps or of vectors."""
        shape = [1] * len(x.shape)
        shape[self._axis] = -1
        scale, offset = (
            keras.ops.reshape(keras.ops.convert_to_tensor(value, x.dtype), shape)
            for value in self._constants
        )
        return x * scale + offset


class Product(keras.layers.Layer):  # type: ignore[misc]
    """The product of all inputs, of which a vector counts for every pixel of a map."""

    def __init__(self, axis: int, **common: Any) -> None:
        super().__init__(**common)
        self._axis = axis

    def call(self, inputs: Any) -> Any:
        """inputs: a list of batches of maps or vectors."""
        most = max(len(x.shape) for x in inputs)
        product = None
        for x in inputs:
            shape = [1] * most
            shape[0], shape[self._axis] = -1, x.shape[-1]
            factor = x if len(x.shape) == most else keras.ops.reshape(x, shape)
            product = factor if product is None else product * factor
        return product


_MAKERS: dict[type[Layer], Callable[[Any, Making], Any]] = {
    Conv: _conv,
    DepthwiseConv: _depthwise_conv,
    Pool: lambda layer, making: pooling(layer, making.data_format, making.common),
    GlobalAveragePool: lambda layer, making: keras.layers.GlobalAveragePooling2D(
        keepdims=layer.keepdims, **making.maps
    ),
    GlobalMaxPool: lambda layer, making: keras.layers.GlobalMaxPooling2D(
        keepdims=layer.keepdims, **making.maps
    ),
    BatchNorm: _batch_norm,
    Rescaling: lambda layer, making: Scaling(layer, making.axis, **making.common),
    Activate: lambda layer, making: keras.layers.Activation(
        making.function(layer.function), **making.common
    ),
    Dropout: _dropping,
    StochasticDepth: _dropping,
    Flatten: lambda _, making: keras.layers.Flatten(**making.maps),
    Dense: _dense,
    ZeroPadding: lambda layer, making: keras.layers.ZeroPadding2D(layer.padding, **making.maps),
    Add: lambda _, making: keras.layers.Add(**making.common),
    Concatenate: lambda _, making: keras.layers.Concatenate(making.axis, **making.common),
    Multiply: lambda _, making: Product(making.axis, **making.common),
}

# Maps lie as Keras has them by default, channels last, where a vector counts for every pixel.
_PORTABLE: dict[type[Layer], Callable[[Any, Making], Any]] = {
    Pool: lambda layer, making: keras_pooling(layer, making.data_format, making.common),
    Rescaling: lambda layer, making: keras.layers.Rescaling(
        _plain(layer.scale), _plain(layer.offset), **making.common
    ),
    Multiply: lambda _, making: keras.layers.Multiply(**making.common),
}


def _plain(value: float | tuple[float, ...]) -> float | list[float]:
    """As JSON has it."""
    return list(value) if isinstance(value, tuple) else value
