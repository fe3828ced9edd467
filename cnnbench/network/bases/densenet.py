"""DenseNet (Huang et al. 2017)."""

from __future__ import annotations

from cnnbench.network.bases.builder import Builder
from cnnbench.network.layers import INPUT
from cnnbench.network.network import Network

EPSILON = 1.001e-5
GROWTH = 32
DEPTHS = {"conv2": 6, "conv3": 12, "conv4": 24, "conv5": 16}


def densenet121(
    input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
) -> Network:
    """The network of 121 layers."""
    b = Builder(input_shape)
    x = b.pad(INPUT, (3, 3), (3, 3))
    x = b.conv(x, 64, 7, "conv1_conv", stride=2)
    x = _normal(b, x, "conv1_bn", "conv1_relu")
    x = b.pool(b.pad(x, (1, 1), (1, 1)), 3, "pool1")
    for stage, depth in DEPTHS.items():
        for at in range(1, depth + 1):
            x = _grow(b, x, f"{stage}_block{at}")
        if stage != "conv5":
            x = _halve(b, x, f"pool{stage[-1]}")
    return b.network(_normal(b, x, "bn", "relu"), top=top, classes=classes)


def _grow(b: Builder, x: str, name: str) -> str:
    """X with some more channels beside it."""
    y = _normal(b, x, f"{name}_0_bn", f"{name}_0_relu")
    y = b.conv(y, 4 * GROWTH, 1, f"{name}_1_conv")
    y = _normal(b, y, f"{name}_1_bn", f"{name}_1_relu")
    y = b.conv(y, GROWTH, 3, f"{name}_2_conv", padding="same")
    return b.side_by_side(x, y, name=f"{name}_concat")


def _halve(b: Builder, x: str, name: str) -> str:
    """Half the channels, half the height, half the width."""
    half = b.channels(x) // 2
    x = b.conv(_normal(b, x, f"{name}_bn", f"{name}_relu"), half, 1, f"{name}_conv")
    return b.pool(x, 2, f"{name}_pool", kind="average")


def _normal(b: Builder, x: str, norm: str, relu: str) -> str:
    return b.activate(b.norm(x, norm, epsilon=EPSILON), "relu", relu)
