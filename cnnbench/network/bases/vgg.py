"""VGG (Simonyan and Zisserman 2015)."""

from __future__ import annotations

from collections.abc import Sequence

from cnnbench.network.bases.builder import Builder
from cnnbench.network.layers import INPUT
from cnnbench.network.network import Network

FILTERS = (64, 128, 256, 512, 512)


def vgg16(input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000) -> Network:
    """Configuration D."""
    return _vgg(input_shape, (2, 2, 3, 3, 3), top=top, classes=classes)


def vgg19(input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000) -> Network:
    """Configuration E."""
    return _vgg(input_shape, (2, 2, 4, 4, 4), top=top, classes=classes)


def _vgg(
    input_shape: tuple[int, int, int], depths: Sequence[int], *, top: bool, classes: int
) -> Network:
    b = Builder(input_shape)
    x = INPUT
    for block, (depth, filters) in enumerate(zip(depths, FILTERS, strict=True), 1):
        for at in range(1, depth + 1):
            name = f"block{block}_conv{at}"
            x = b.conv(x, filters, 3, name, padding="same", bias=True, activation="relu")
        x = b.pool(x, 2, f"block{block}_pool")
    if not top:
        return b.finish(classes=0)
    x = b.flatten(x, "flatten")
    for name in ("fc1", "fc2"):
        x = b.dense(x, 4096, name, "relu")
    b.dense(x, classes, "predictions", "linear")
    return b.finish(classes=classes)
