"""The files of arrays that Keras publishes, as keras.applications states them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cnnbench.pretrained.found import PublishedAccuracy

PAGE = "https://keras.io/api/applications"
ROOT = "https://storage.googleapis.com/tensorflow/keras-applications/"
VALIDATION = "ImageNet-1k, validation images"
IMAGENET = "ImageNet-1k"
OXFORD = "CC-BY-4.0"
"""Of the Visual Geometry Group, whose arrays Keras carried over."""


@dataclass(frozen=True, slots=True)
class Published:
    """A file without classifier.

    folder: below `ROOT`, or an address. md5: "" where Keras states none. scaling: one of
    `SCALINGS`. top_1: by the page, None where it lists none. licence: by the page of Keras 2.2,
    "not stated" where that is silent or the file is another now.
    """

    folder: str
    name: str
    md5: str
    scaling: str
    top_1: float | None
    licence: str = "not stated"

    @property
    def url(self) -> str:
        """Where it can be had."""
        root = self.folder if "://" in self.folder else f"{ROOT}{self.folder}"
        return f"{root}/{self.name}"

    @property
    def accuracy(self) -> PublishedAccuracy | None:
        """With its classifier."""
        return None if self.top_1 is None else PublishedAccuracy(self.top_1, VALIDATION, PAGE)


def _notop(base: str) -> str:
    return f"{base}_weights_tf_dim_ordering_tf_kernels_notop.h5"


KERAS: Mapping[str, Published] = {
    "vgg16": Published(
        "vgg16", _notop("vgg16"), "6d6bbae143d832006294945121d1f1fc", "caffe", 0.713, OXFORD
    ),
    "vgg19": Published(
        "vgg19", _notop("vgg19"), "253f8cb515780f3b799900260a226db6", "caffe", 0.713, OXFORD
    ),
    "resnet50": Published(
        "resnet", _notop("resnet50"), "4d473c1dd8becc155b73f8504c6f6626", "caffe", 0.749
    ),
    "densenet121": Published(
        "densenet",
        _notop("densenet121"),
        "30ee3e1110167f948a6b9946edeeb738",
        "torch",
        0.750,
        "BSD-3-Clause",
    ),
    "inception_v3": Published(
        "inception_v3",
        _notop("inception_v3"),
        "bcbd6486424b2319ff4ef7d526e38f63",
        "keras",
        0.779,
        "Apache-2.0",
    ),
    "xception": Published(
        "xception", _notop("xception"), "b0042744bf5b25fce3cb969f33bebb97", "keras", 0.790, "MIT"
    ),
    "mobilenet": Published(
        "mobilenet", "mobilenet_1_0_224_tf_no_top.h5", "", "keras", 0.704, "Apache-2.0"
    ),
    "mobilenet_v2": Published(
        "mobilenet_v2",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        "",
        "keras",
        0.713,
        "Apache-2.0",
    ),
    "mobilenet_v3_small": Published(
        "mobilenet_v3",
        "weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
        "d3e8ec802a04aa4fc771ee12a9a9b836",
        "none",
        None,
    ),
    "efficientnet_b0": Published(
        "https://storage.googleapis.com/keras-applications",
        "efficientnetb0_notop.h5",
        "50bc09e76180e00e4465e1a485ddc09d",
        "none",
        0.771,
    ),
    "efficientnet_v2b0": Published(
        "efficientnet_v2",
        "efficientnetv2-b0_notop.h5",
        "893217f2bb855e2983157299931e43ff",
        "none",
        0.787,
    ),
}
"""By the name of the base."""


def keras_models() -> Path:
    """Where Keras keeps arrays: $KERAS_HOME/models, ~/.keras/models without that variable."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "models"
