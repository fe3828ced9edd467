"""Layers in the words of a table: "conv 32, 3x3, relu"."""

from __future__ import annotations

from cnnbench.network.layers import (
    Activate,
    AnyLayer,
    Conv,
    Dense,
    Dropout,
    Pair,
    Pool,
)


def label(layer: AnyLayer) -> str:
    """A layer in words; what is at its default stays unsaid."""
    match layer:
        case Conv():
            parts = [f"conv {layer.filters}", _sides(layer.kernel)]
            parts += _window(layer.stride, (1, 1), layer.padding)
            parts += _activation(layer.activation) + _penalties(layer)
        case Pool():
            parts = [f"{layer.kind} pool {_sides(layer.size)}"]
            parts += _window(layer.strides, layer.size, layer.padding)
        case Dense():
            parts = [f"dense {layer.units}", *_activation(layer.activation), *_penalties(layer)]
        case Activate():
            parts = [layer.function]
        case Dropout():
            parts = [f"dropout {layer.rate:g}"]
        case _:
            parts = [layer.type.replace("_", " ")]
    return ", ".join(parts)


def _sides(pair: Pair) -> str:
    return f"{pair[0]}x{pair[1]}"


def _window(stride: Pair, default: Pair, padding: str) -> list[str]:
    parts = [] if stride == default else [f"stride {_sides(stride)}"]
    return parts if padding == "valid" else [*parts, padding]


def _activation(name: str) -> list[str]:
    return [] if name == "linear" else [name]


def _penalties(layer: Conv | Dense) -> list[str]:
    return [f"{name} {value:g}" for name in ("l1", "l2") if (value := getattr(layer, name))]
