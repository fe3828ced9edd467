"""Xception (Chollet 2017).

A separable convolution `block2_sepconv1` of Keras is a depthwise one and a convolution of kernel
1x1: `block2_sepconv1_depthwise` and `block2_sepconv1`.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnnbench.network.bases.builder import Builder
from cnnbench.network.layers import INPUT
from cnnbench.network.network import Network


def xception(
    input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
) -> Network:
    """Fourteen blocks."""
    b = Builder(input_shape)
    x = INPUT
    for at, (filters, stride) in enumerate(((32, 2), (64, 1)), 1):
        name = f"block1_conv{at}"
        x = b.norm(b.conv(x, filters, 3, name, stride=stride), f"{name}_bn")
        x = b.activate(x, "relu", f"{name}_act")
    x = _shrink(b, x, "block2", (128, 128), bare=True)
    for name, filters in (("block3", 256), ("block4", 728)):
        x = _shrink(b, x, name, (filters, filters))
    for block in range(5, 13):
        y = x
        for at in (1, 2, 3):
            y = _separable(b, y, 728, f"block{block}_sepconv{at}", before=True)
        x = b.sum(y, x)
    x = _shrink(b, x, "block13", (728, 1024))
    for at, filters in ((1, 1536), (2, 2048)):
        name = f"block14_sepconv{at}"
        x = b.activate(_separable(b, x, filters, name), "relu", f"{name}_act")
    return b.network(x, top=top, classes=classes)


def _shrink(b: Builder, x: str, name: str, filters: Sequence[int], *, bare: bool = False) -> str:
    """Two separable convolutions, half the size; bare: the input has been activated already."""
    beside = b.norm(b.conv(x, filters[-1], 1, stride=2, padding="same"))
    y = _separable(b, x, filters[0], f"{name}_sepconv1", before=not bare)
    y = _separable(b, y, filters[1], f"{name}_sepconv2", before=True)
    return b.sum(b.pool(y, 3, f"{name}_pool", padding="same"), beside)


def _separable(b: Builder, x: str, filters: int, name: str, *, before: bool = False) -> str:
    """Normalised; before: activated first."""
    if before:
        x = b.activate(x, "relu", f"{name}_act")
    x = b.depthwise(x, 3, f"{name}_depthwise")
    return b.norm(b.conv(x, filters, 1, name), f"{name}_bn")
