"""The points from which bases may be fine-tuned: the first layer of each of their blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from cnnbench.errors import NetworkError
from cnnbench.network.bases.densenet import DEPTHS as DENSENET
from cnnbench.network.bases.efficientnet import FIRST, SECOND
from cnnbench.network.bases.resnet import DEPTHS as RESNET
from cnnbench.network.cut import places_to_cut
from cnnbench.network.layers import INPUT, Convolution
from cnnbench.network.network import Network

KEY = "unfreeze_last"
_VGG = tuple(f"block{at}_conv1" for at in range(1, 6))
_EFFICIENTNET = tuple(
    f"block{stage}{chr(ord('a') + at)}_{'expand_conv' if stage > 1 else 'dwconv'}"
    for stage, (_, repeats, *_) in enumerate(FIRST, 1)
    for at in range(repeats)
)
POINTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "vgg16": _VGG,
        "vgg19": _VGG,
        "resnet50": tuple(
            f"{stage}_block{at}_{0 if at == 1 else 1}_conv"
            for stage, (_, depth) in RESNET.items()
            for at in range(1, depth + 1)
        ),
        "densenet121": tuple(f"{stage}_block1_0_bn" for stage in DENSENET),
        # Behind the stem, and behind mixed0 to mixed9.
        "inception_v3": tuple(f"conv2d_{at}" for at in (5, 12, 19, 26, 30, 40, 50, 60, 70, 76, 85)),
        # A shortcut that is a convolution stands above its block, and has no name of its own.
        "xception": (
            *("block1_conv1", "conv2d", "conv2d_1", "conv2d_2"),
            *(f"block{at}_sepconv1_act" for at in range(5, 13)),
            *("conv2d_3", "block14_sepconv1_depthwise"),
        ),
        "mobilenet": tuple(f"conv_dw_{at}" for at in range(1, 14)),
        "mobilenet_v2": (
            "expanded_conv_depthwise",
            *(f"block_{at}_expand" for at in range(1, 17)),
        ),
        "mobilenet_v3_small": (
            "expanded_conv_depthwise",
            *(f"expanded_conv_{at}_expand" for at in range(1, 11)),
        ),
        "efficientnet_b0": _EFFICIENTNET,
        "efficientnet_lite0": _EFFICIENTNET,
        "efficientnet_v2b0": tuple(
            f"block{stage}{chr(ord('a') + at)}_{'expand' if stage > 1 else 'project'}_conv"
            for stage, (_, repeats, *_) in enumerate(SECOND, 1)
            for at in range(repeats)
        ),
    }
)
"""Of each published base, from its first block to its last.

Blocks are those of the papers: of VGG what lies between two poolings, of ResNet, MobileNetV2 and
EfficientNet one (inverted) residual, of DenseNet a dense block with the transition behind it, of
InceptionV3 a mixed one, of Xception one of the fourteen, of MobileNet a depthwise convolution and
the 1x1 one behind it. The stem, above the first, is no block; what stands below the last one, such
as a convolution that widens the map, belongs to it.
"""


def points_of(network: Network) -> tuple[str, ...]:
    """The first layer of each block of any network: a convolution, or what ends where paths join.

    A block has a convolution whose window is larger than a pixel. What has none belongs to the
    block above it: pooling, normalisation, squeeze and excite, the second half of a separable
    convolution.
    """
    ends = {INPUT, *(node.name for node in places_to_cut(network))}
    points: list[str] = []
    start, above = "", INPUT
    for name, layer in network.named_layers():
        start = name if above in ends else start
        if isinstance(layer, Convolution) and layer.kernel != (1, 1) and start not in points:
            points.append(start)
        above = name
    return tuple(points)


def first_of_last(points: Sequence[str], count: int) -> str:
    """The first layer of the last `count` blocks. Raises NetworkError where there are fewer."""
    if not points:
        raise NetworkError(
            "nobody says which blocks the base has, as a plugin does with `points`: name the first "
            "layer that moves with unfreeze_from instead",
            key=KEY,
        )
    if count > len(points):
        blocks = f"{len(points)} block{'s' * (len(points) > 1)}"
        raise NetworkError(
            f"the base has {blocks}, not {count:,}: give a number up to {len(points)}, or choose "
            'strategy = "full", which moves all of it',
            key=KEY,
        )
    return points[-count]
