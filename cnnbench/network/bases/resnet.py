"""ResNet (He et al. 2016), the strides in the first convolution of a block."""

from __future__ import annotations

from cnnbench.network.bases.builder import Builder
from cnnbench.network.layers import INPUT
from cnnbench.network.network import Network

EPSILON = 1.001e-5
DEPTHS = {"conv2": (64, 3), "conv3": (128, 4), "conv4": (256, 6), "conv5": (512, 3)}


def resnet50(
    input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
) -> Network:
    """The network of 50 layers."""
    b = Builder(input_shape)
    x = b.pad(INPUT, (3, 3), (3, 3), "conv1_pad")
    x = b.conv(x, 64, 7, "conv1_conv", stride=2, bias=True)
    x = b.activate(b.norm(x, "conv1_bn", epsilon=EPSILON), "relu", "conv1_relu")
    x = b.pool(b.pad(x, (1, 1), (1, 1), "pool1_pad"), 3, "pool1_pool")
    for stage, (filters, depth) in DEPTHS.items():
        for at in range(1, depth + 1):
            stride = 2 if at == 1 and stage != "conv2" else 1
            x = _block(b, x, filters, f"{stage}_block{at}", stride, widens=at == 1)
    return b.network(x, top=top, classes=classes)


def _block(b: Builder, x: str, filters: int, name: str, stride: int, *, widens: bool) -> str:
    """A bottleneck beside its input; widens: a convolution makes that as wide as the output."""
    beside = x
    if widens:
        beside = b.conv(x, 4 * filters, 1, f"{name}_0_conv", stride=stride, bias=True)
        beside = b.norm(beside, f"{name}_0_bn", epsilon=EPSILON)
    x = b.conv(x, filters, 1, f"{name}_1_conv", stride=stride, bias=True)
    x = b.activate(b.norm(x, f"{name}_1_bn", epsilon=EPSILON), "relu", f"{name}_1_relu")
    x = b.conv(x, filters, 3, f"{name}_2_conv", padding="same", bias=True)
    x = b.activate(b.norm(x, f"{name}_2_bn", epsilon=EPSILON), "relu", f"{name}_2_relu")
    x = b.conv(x, 4 * filters, 1, f"{name}_3_conv", bias=True)
    x = b.norm(x, f"{name}_3_bn", epsilon=EPSILON)
    return b.activate(b.sum(beside, x, f"{name}_add"), "relu", f"{name}_out")
