"""Synthetic weather photos: five kinds of sky over a landscape, drawn by our own code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from cnnbench.plugin import (
    DataError,
    DataSource,
    Facts,
    ImageData,
    Request,
    conform,
    conform_shape,
    hookimpl,
)

CNNBENCH_INTERFACE = "1.0"
"""The version of cnnbench's plugin interface that this plugin is written for."""

CLASSES = ("cloudy", "foggy", "rainy", "shine", "sunrise")
DEFAULT_COUNT = 500
DEFAULT_SIZE = (64, 64)
MOST = 100_000
REVISION = 1
"""Raised when other pixels are drawn."""


class Scenes(DataSource):
    """For tests and demonstrations. Image i depends on i and the size alone; classes take turns."""

    name: ClassVar[str] = "scenes"
    argument: ClassVar[str] = "COUNT"
    description: ClassVar[str] = "synthetic weather photos, five classes, any size; 500 if no COUNT"
    synthetic: ClassVar[bool] = True

    def facts(self, request: Request) -> Facts:
        """Known without drawing anything."""
        count = _count(request)
        shape = conform_shape((*_size(request), 3), request)
        per_class = tuple(len(range(index, count, len(CLASSES))) for index in range(len(CLASSES)))
        return Facts(shape, CLASSES, {"all": count}, {"all": per_class})

    def fingerprint(self, request: Request) -> str:  # noqa: ARG002 - the request is in the key
        """The version of the drawing."""
        return f"scenes {REVISION}"

    def load(self, request: Request) -> ImageData:
        """Draw every image."""
        from cnnbench_scenes._drawing import draw_scene

        count = _count(request)
        height, width = _size(request)
        images = np.empty((count, height, width, 3), np.uint8)
        labels = np.arange(count, dtype=np.int32) % len(CLASSES)
        for index, label in enumerate(labels.tolist()):
            images[index] = draw_scene(CLASSES[label], height, width, seed=index)
        note = f"All {count:,} images are synthetic: drawn by a program, not photographed."
        return ImageData(conform(images, request), labels, CLASSES, notes=(note,))


def _size(request: Request) -> tuple[int, int]:
    return request.image_size or DEFAULT_SIZE


def _count(request: Request) -> int:
    text = request.argument or str(DEFAULT_COUNT)
    if text.isascii() and text.isdigit() and len(CLASSES) <= int(text) <= MOST:
        return int(text)
    raise DataError(
        f"scenes:{text} asks for no possible number of images; write a whole number from "
        f"{len(CLASSES)} to {MOST}, for example scenes:{DEFAULT_COUNT}",
        "source",
    )


@hookimpl
def cnnbench_sources() -> Iterable[DataSource]:
    """The one source."""
    return (Scenes(),)
