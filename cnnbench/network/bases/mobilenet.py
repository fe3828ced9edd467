"""MobileNet: Howard et al. 2017; version 2: Sandler et al. 2018; version 3: Howard et al. 2019."""

from __future__ import annotations

from cnnbench.network.bases.builder import Builder
from cnnbench.network.layers import INPUT, Activation
from cnnbench.network.network import Network

NORM = {"momentum": 0.999}
FIRST = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5)
SECOND = (
    *((16, 1), (24, 2), (24, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1), (64, 1)),
    *((96, 1), (96, 1), (96, 1), (160, 2), (160, 1), (160, 1), (320, 1)),
)
"""Filters and stride of each block."""
THIRD: tuple[tuple[int, int, int, int, bool, Activation], ...] = (
    (16, 16, 3, 2, True, "relu"),
    (72, 24, 3, 2, False, "relu"),
    (88, 24, 3, 1, False, "relu"),
    (96, 40, 5, 2, True, "hard_swish"),
    (240, 40, 5, 1, True, "hard_swish"),
    (240, 40, 5, 1, True, "hard_swish"),
    (120, 48, 5, 1, True, "hard_swish"),
    (144, 48, 5, 1, True, "hard_swish"),
    (288, 96, 5, 2, True, "hard_swish"),
    (576, 96, 5, 1, True, "hard_swish"),
    (576, 96, 5, 1, True, "hard_swish"),
)
"""Channels within, filters, kernel, stride, squeeze and excite, activation of each block."""


def mobilenet(
    input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
) -> Network:
    """Depthwise separable convolutions one after the other."""
    b = Builder(input_shape)
    x = b.conv(INPUT, 32, 3, "conv1", stride=2, padding="same")
    x = b.activate(b.norm(x, "conv1_bn"), "relu6", "conv1_relu")
    for at, (filters, stride) in enumerate((*FIRST, (1024, 2), (1024, 1)), 1):
        padding = "same"
        if stride == 2:  # noqa: PLR2004 - it halves the map
            x, padding = b.pad(x, (0, 1), (0, 1), f"conv_pad_{at}"), "valid"
        x = b.depthwise(x, 3, f"conv_dw_{at}", stride=stride, padding=padding)
        x = b.activate(b.norm(x, f"conv_dw_{at}_bn"), "relu6", f"conv_dw_{at}_relu")
        x = b.conv(x, filters, 1, f"conv_pw_{at}", padding="same")
        x = b.activate(b.norm(x, f"conv_pw_{at}_bn"), "relu6", f"conv_pw_{at}_relu")
    return b.network(x, top=top, classes=classes, dropout=1e-3, name="conv_preds")


def mobilenet_v2(
    input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
) -> Network:
    """Inverted residuals with linear bottlenecks."""
    b = Builder(input_shape)
    x = b.conv(INPUT, 32, 3, "Conv1", stride=2, padding="same")
    x = b.activate(b.norm(x, "bn_Conv1", **NORM), "relu6", "Conv1_relu")
    for at, (filters, stride) in enumerate(SECOND):
        x = _inverted(b, x, at, filters, stride)
    x = b.norm(b.conv(x, 1280, 1, "Conv_1"), "Conv_1_bn", **NORM)
    return b.network(b.activate(x, "relu6", "out_relu"), top=top, classes=classes)


def _inverted(b: Builder, x: str, number: int, filters: int, stride: int) -> str:
    name = f"block_{number}_" if number else "expanded_conv_"
    y, channels = x, b.channels(x)
    if number:
        y = b.conv(y, 6 * channels, 1, f"{name}expand", padding="same")
        y = b.activate(b.norm(y, f"{name}expand_BN", **NORM), "relu6", f"{name}expand_relu")
    y = b.depthwise_padded(y, 3, stride, f"{name}depthwise", f"{name}pad")
    y = b.activate(b.norm(y, f"{name}depthwise_BN", **NORM), "relu6", f"{name}depthwise_relu")
    y = b.conv(y, filters, 1, f"{name}project", padding="same")
    y = b.norm(y, f"{name}project_BN", **NORM)
    return b.sum(x, y, f"{name}add") if channels == filters and stride == 1 else y


def mobilenet_v3_small(
    input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
) -> Network:
    """The small one; takes pixels of 0..255."""
    b = Builder(input_shape)
    x = b.rescale(INPUT, "rescaling", 1 / 127.5, -1.0)
    x = b.conv(x, 16, 3, "conv", stride=2, padding="same")
    x = b.activate(b.norm(x, "conv_bn", **NORM), "hard_swish")
    for number in range(len(THIRD)):
        x = _excited(b, x, number)
    x = b.conv(x, 6 * b.channels(x), 1, "conv_1", padding="same")
    x = b.activate(b.norm(x, "conv_1_bn", **NORM), "hard_swish")
    if top:
        x = b.mean_map(x)
        x = b.conv(x, 1024, 1, "conv_2", padding="same", bias=True, activation="hard_swish")
    return b.network(x, top=top, classes=classes, dropout=0.2, name="logits")


def _excited(b: Builder, x: str, number: int) -> str:
    within, filters, kernel, stride, excites, function = THIRD[number]
    name = f"expanded_conv_{number}_" if number else "expanded_conv_"
    y, channels = x, b.channels(x)
    if number:
        y = b.conv(y, within, 1, f"{name}expand", padding="same")
        y = b.activate(b.norm(y, f"{name}expand_bn", **NORM), function)
    y = b.depthwise_padded(y, kernel, stride, f"{name}depthwise", f"{name}depthwise_pad")
    y = b.activate(b.norm(y, f"{name}depthwise_bn", **NORM), function)
    if excites:
        names = ("avg_pool", "conv", "conv_1", "mul")
        mean, first, second, product = (f"{name}squeeze_excite_{part}" for part in names)
        units = divisible(within / 4)
        y = b.squeeze_excite(y, units, (mean, first, second, product), ("relu", "hard_sigmoid"))
    y = b.conv(y, filters, 1, f"{name}project", padding="same")
    y = b.norm(y, f"{name}project_bn", **NORM)
    return b.sum(x, y, f"{name}add") if channels == filters and stride == 1 else y


def divisible(value: float) -> int:
    """The nearest multiple of 8 that is not more than a tenth less."""
    near = max(8, int(value + 4) // 8 * 8)
    return near + 8 if near < 0.9 * value else near
