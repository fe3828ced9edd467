"""Published networks as functions from an input shape to a `Network`, layers named as Keras does.

A name leads to each: `BASES["resnet50"]((224, 224, 3))`. Without `top` a network ends in its last
map; with it in the scores of `classes` classes. Where Keras scales pixels inside the network
(EfficientNet, MobileNetV3), so does this: it takes 0..255.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cnnbench.network.bases.densenet import densenet121
from cnnbench.network.bases.efficientnet import (
    efficientnet_b0,
    efficientnet_lite0,
    efficientnet_v2b0,
)
from cnnbench.network.bases.inception import inception_v3
from cnnbench.network.bases.mobilenet import mobilenet, mobilenet_v2, mobilenet_v3_small
from cnnbench.network.bases.resnet import resnet50
from cnnbench.network.bases.vgg import vgg16, vgg19
from cnnbench.network.bases.xception import xception
from cnnbench.network.network import Network


class Base(Protocol):
    """A published network."""

    def __call__(
        self, input_shape: tuple[int, int, int], *, top: bool = False, classes: int = 1000
    ) -> Network:
        """The network for images of (height, width, channels)."""


BASES: Mapping[str, Base] = {
    "vgg16": vgg16,
    "vgg19": vgg19,
    "resnet50": resnet50,
    "densenet121": densenet121,
    "inception_v3": inception_v3,
    "xception": xception,
    "mobilenet": mobilenet,
    "mobilenet_v2": mobilenet_v2,
    "mobilenet_v3_small": mobilenet_v3_small,
    "efficientnet_b0": efficientnet_b0,
    "efficientnet_v2b0": efficientnet_v2b0,
    "efficientnet_lite0": efficientnet_lite0,
}
"""By the name after PREFIX."""
PREFIX = "base:"
"""What the command line calls one by: base:vgg16."""
