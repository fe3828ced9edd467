"""Five thousand MNIST digits that come with cnnbench: 28x28 pixels, 500 of each class."""

from __future__ import annotations

from importlib.resources import files
from typing import ClassVar

import numpy as np

from cnnbench.data.sources.pixels import conform, conform_shape
from cnnbench.data.sources.requests import no_argument
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request

CLASSES = tuple("0123456789")
CLASS_COUNT = (500,) * 10
SHEET = "mnist5k.png"
"""Its origin and licence stand in mnist5k.txt beside it."""
SIDE = 28
REVISION = 1
"""Raised when the sheet changes."""


class Mnist5k(DataSource):
    """A subset of MNIST's training images (LeCun et al. 1998)."""

    name: ClassVar[str] = "mnist5k"
    description: ClassVar[str] = "5,000 handwritten digits of MNIST, 28x28"

    def facts(self, request: Request) -> Facts:
        """Known without reading anything."""
        no_argument(self.name, request)
        shape = conform_shape((SIDE, SIDE, 1), request)
        return Facts(shape, CLASSES, {"all": sum(CLASS_COUNT)}, {"all": CLASS_COUNT})

    def fingerprint(self, request: Request) -> str:  # noqa: ARG002 - the images have one form
        """The version of the sheet."""
        return f"mnist5k {REVISION}"

    def load(self, request: Request) -> ImageData:
        """Cut the sheet into its digits, row by row."""
        from PIL import Image

        no_argument(self.name, request)
        with files(__package__).joinpath(SHEET).open("rb") as file:
            sheet = np.asarray(Image.open(file), np.uint8)
        rows, columns = sheet.shape[0] // SIDE, sheet.shape[1] // SIDE
        tiles = sheet.reshape(rows, SIDE, columns, SIDE).swapaxes(1, 2)
        images = np.ascontiguousarray(tiles).reshape(-1, SIDE, SIDE, 1)
        labels = np.repeat(np.arange(len(CLASSES), dtype=np.int32), CLASS_COUNT)
        return ImageData(conform(images, request), labels, CLASSES)
