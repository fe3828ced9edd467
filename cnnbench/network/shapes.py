"""Output shapes of layers, and the sentences for layers that can't take their input."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from cnnbench.errors import NetworkError
from cnnbench.network.layers import Conv, Dense, Flatten, GlobalAveragePool, Layer, Padding, Pool
from cnnbench.network.network import Network, Shape


def layer_shapes(network: Network) -> tuple[Shape, ...]:
    """The output shape of each layer, without the batch axis.

    Raises NetworkError where a layer can't take its input; its `key` is the key of `[network]` that
    a named architecture takes the value from ("kernel", "pool"), else "layers".
    """
    shape: Shape = network.input_shape
    shapes: list[Shape] = []
    for name, layer in network.named_layers():
        shape = _output_shape(name, layer, shape)
        shapes.append(shape)
    return tuple(shapes)


def window_count(size: int, window: int, stride: int, padding: Padding) -> int:
    """How many positions a window takes along an axis; below 1 if it does not fit.

    "valid": every window lies inside the input. "same": one window per `stride` pixels begun.
    """
    if padding == "same":
        return -(-size // stride)
    return (size - window) // stride + 1


def padding_of(size: int, window: int, stride: int, padding: Padding) -> tuple[int, int]:
    """Pixels to add before and after an axis, for frameworks that pad by number.

    "same" pads as TensorFlow does: just enough for the last window, the odd pixel after.
    """
    if padding == "valid":
        return 0, 0
    missing = (window_count(size, window, stride, padding) - 1) * stride + window - size
    total = max(missing, 0)
    return total // 2, total - total // 2


@dataclass(frozen=True, slots=True)
class Window:
    """The window of a convolution or pooling over its input, padding in pixels.

    before: (top, left). after: (bottom, right).
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    before: tuple[int, int]
    after: tuple[int, int]


def window_of(layer: Conv | Pool, shape: Shape) -> Window:
    """How a layer's window moves over an input of this shape, (height, width, channels)."""
    match layer:
        case Conv():
            size, stride = layer.kernel, layer.stride
        case Pool():
            size, stride = layer.size, layer.strides
    before, after = zip(
        *(padding_of(*axis, layer.padding) for axis in zip(shape[:2], size, stride, strict=True)),
        strict=True,
    )
    return Window(size, stride, before, after)


def describe_shape(shape: Shape) -> str:
    """A shape as people write it: "28x28x1", or "64 values"."""
    return "x".join(map(str, shape)) if len(shape) > 1 else f"{shape[0]:,} values"


def _output_shape(name: str, layer: Layer, shape: Shape) -> Shape:
    match layer:
        case Conv():
            height, width = _windows(name, shape, layer.kernel, layer.stride, layer.padding)
            return height, width, layer.filters
        case Pool():
            height, width = _windows(name, shape, layer.size, layer.strides, layer.padding)
            return height, width, shape[2]
        case GlobalAveragePool():
            _need_map(name, shape)
            return (shape[2],)
        case Flatten():
            return (prod(shape),)
        case Dense():
            if len(shape) > 1:
                raise NetworkError(
                    f"{name} takes a vector, but its input is a map of {describe_shape(shape)}: "
                    'put { type = "flatten" } or { type = "global_average_pool" } before it in '
                    "`layers`",
                    key="layers",
                )
            return (layer.units,)
        case _:
            return shape


def _windows(
    name: str, shape: Shape, window: tuple[int, int], stride: tuple[int, int], padding: Padding
) -> tuple[int, int]:
    _need_map(name, shape)
    height, width = (
        window_count(*axis, padding) for axis in zip(shape[:2], window, stride, strict=True)
    )
    if min(height, width) >= 1:
        return height, width
    pooling = name.startswith("pool")
    what = "pooling window" if pooling else "kernel"
    rescue = "" if pooling else 'padding = "same", '
    raise NetworkError(
        f"{name} has a {what} of {window[0]}x{window[1]}, but its input is only "
        f"{describe_shape(shape)}: use a smaller {what}, {rescue}fewer layers before it or larger "
        "images",
        key="pool" if pooling else "kernel",
    )


def _need_map(name: str, shape: Shape) -> None:
    if len(shape) == 1:
        raise NetworkError(
            f"{name} takes a map of height, width and channels, but its input is already flat "
            f"({describe_shape(shape)}): move it before the flattening layer in `layers`",
            key="layers",
        )
