"""The handwritten digits that scikit-learn ships: 1,797 images of 8x8 pixels."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cnnbench.data.sources.pixels import conform, conform_shape
from cnnbench.data.sources.requests import no_argument
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request

CLASSES = tuple("0123456789")
CLASS_COUNT = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)


class Digits(DataSource):
    """Values 0..16 become 0..255, rounded."""

    name: ClassVar[str] = "digits"
    description: ClassVar[str] = "scikit-learn's 1,797 handwritten digits, 8x8"

    def facts(self, request: Request) -> Facts:
        """Known without reading anything."""
        no_argument(self.name, request)
        shape = conform_shape((8, 8, 1), request)
        return Facts(shape, CLASSES, {"all": sum(CLASS_COUNT)}, {"all": CLASS_COUNT})

    def fingerprint(self, request: Request) -> str:  # noqa: ARG002 - the images have one form
        """The version of the package that ships the images."""
        from importlib.metadata import version

        return f"scikit-learn {version('scikit-learn')}"

    def load(self, request: Request) -> ImageData:
        """Read the arrays from scikit-learn."""
        from sklearn.datasets import load_digits

        no_argument(self.name, request)
        values, labels = load_digits(return_X_y=True)
        images = np.round(values * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
        return ImageData(conform(images, request), labels.astype(np.int32), CLASSES)
