"""EfficientNet (Tan and Le 2019), its Lite version, and version 2 (Tan and Le 2021).

Keras's leave whole blocks out at random while they train ("stochastic depth"), which these don't.
"""

from __future__ import annotations

from cnnbench.network.bases.builder import Builder
from cnnbench.network.layers import INPUT, Activation
from cnnbench.network.network import Network

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet's pixels as fractions, per channel."""
FIRST = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
"""Kernel, repeats, filters, expansion and first stride of each stage."""
SECOND = (
    (True, 1, 16, 1, 1),
    (True, 2, 32, 4, 2),
    (True, 2, 48, 4, 2),
    (False, 3, 96, 4, 2),
    (False, 5, 112, 6, 1),
    (False, 8, 192, 6, 2),
)
"""Whether fused, repeats, filters, expansion and first stride of each stage."""


def efficientnet_b0(
    input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
) -> Network:
    """The smallest; takes pixels of 0..255."""
    b = Builder(input_shape)
    return _first(b, _normalized(b), "silu", excites=True, top=top, classes=classes)


def efficientnet_lite0(
    input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
) -> Network:
    """Without squeeze and excite, with relu6; takes pixels of -1..1."""
    b = Builder(input_shape)
    return _first(b, INPUT, "relu6", excites=False, top=top, classes=classes)


def efficientnet_v2b0(
    input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
) -> Network:
    """Its first stages with whole convolutions; takes pixels of 0..255."""
    b = Builder(input_shape)
    x = b.conv(_normalized(b), 32, 3, "stem_conv", stride=2, padding="same")
    x = b.activate(b.norm(x, "stem_bn", momentum=0.9), "silu", "stem_activation")
    for stage, (fused, repeats, filters, expansion, stride) in enumerate(SECOND, 1):
        for at in range(repeats):
            name = f"block{stage}{chr(ord('a') + at)}_"
            block = _fused if fused else _excited
            step = stride if at == 0 else 1
            x = block(b, x, name, filters=filters, expansion=expansion, stride=step)
    x = b.norm(b.conv(x, 1280, 1, "top_conv", padding="same"), "top_bn", momentum=0.9)
    x = b.activate(x, "silu", "top_activation")
    return b.network(x, top=top, classes=classes, dropout=0.2)


def _normalized(b: Builder) -> str:
    x = b.rescale(INPUT, "rescaling", 1 / 255, 0.0)
    if b.input_shape[2] != len(MEAN):
        return x
    offset = tuple(-mean / deviation for mean, deviation in zip(MEAN, DEVIATION, strict=True))
    return b.rescale(x, "normalization", tuple(1 / x for x in DEVIATION), offset)


def _first(
    b: Builder, x: str, function: Activation, *, excites: bool, top: bool, classes: int
) -> Network:
    x = b.conv(b.pad_for(x, 3, "stem_conv_pad"), 32, 3, "stem_conv", stride=2)
    x = b.activate(b.norm(x, "stem_bn"), function, "stem_activation")
    for stage, (kernel, repeats, filters, expansion, first) in enumerate(FIRST, 1):
        for at in range(repeats):
            name, stride = f"block{stage}{chr(ord('a') + at)}_", first if at == 0 else 1
            y = _expanded(b, x, name, expansion, function=function)
            y = b.depthwise_padded(y, kernel, stride, f"{name}dwconv", f"{name}dwconv_pad")
            y = b.activate(b.norm(y, f"{name}bn"), function, f"{name}activation")
            if excites:
                y = _squeezed(b, y, name, b.channels(x) // 4)
            y = b.norm(
                b.conv(y, filters, 1, f"{name}project_conv", padding="same"), f"{name}project_bn"
            )
            x = _beside(b, x, y, name, stride)
    x = b.norm(b.conv(x, 1280, 1, "top_conv", padding="same"), "top_bn")
    x = b.activate(x, function, "top_activation")
    return b.network(x, top=top, classes=classes, dropout=0.2)


def _excited(b: Builder, x: str, name: str, *, filters: int, expansion: int, stride: int) -> str:
    y = _expanded(b, x, name, expansion, function="silu", momentum=0.9)
    y = b.depthwise(y, 3, f"{name}dwconv2", stride=stride)
    y = b.activate(b.norm(y, f"{name}bn", momentum=0.9), "silu", f"{name}activation")
    y = _squeezed(b, y, name, b.channels(x) // 4)
    y = b.conv(y, filters, 1, f"{name}project_conv", padding="same")
    return _beside(b, x, b.norm(y, f"{name}project_bn", momentum=0.9), name, stride)


def _fused(b: Builder, x: str, name: str, *, filters: int, expansion: int, stride: int) -> str:
    if expansion == 1:
        y = b.conv(x, filters, 3, f"{name}project_conv", stride=stride, padding="same")
        y = b.norm(y, f"{name}project_bn", momentum=0.9)
        return _beside(b, x, b.activate(y, "silu", f"{name}project_activation"), name, stride)
    within = expansion * b.channels(x)
    y = b.conv(x, within, 3, f"{name}expand_conv", stride=stride, padding="same")
    y = b.activate(b.norm(y, f"{name}expand_bn", momentum=0.9), "silu", f"{name}expand_activation")
    y = b.conv(y, filters, 1, f"{name}project_conv", padding="same")
    return _beside(b, x, b.norm(y, f"{name}project_bn", momentum=0.9), name, stride)


def _expanded(
    b: Builder, x: str, name: str, expansion: int, *, function: Activation, momentum: float = 0.99
) -> str:
    if expansion == 1:
        return x
    x = b.conv(x, expansion * b.channels(x), 1, f"{name}expand_conv", padding="same")
    x = b.norm(x, f"{name}expand_bn", momentum=momentum)
    return b.activate(x, function, f"{name}expand_activation")


def _squeezed(b: Builder, x: str, name: str, units: int) -> str:
    names = (f"{name}se_squeeze", f"{name}se_reduce", f"{name}se_expand", f"{name}se_excite")
    return b.squeeze_excite(x, max(1, units), names, ("silu", "sigmoid"))


def _beside(b: Builder, x: str, y: str, name: str, stride: int) -> str:
    """y, added to x where it has its shape."""
    same = stride == 1 and b.channels(x) == b.channels(y)
    return b.sum(y, x, f"{name}add") if same else y
