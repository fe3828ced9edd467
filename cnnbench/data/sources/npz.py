"""Images in a NumPy archive."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._arrays import (
    array_of,
    header_of,
    open_arrays,
    reading,
    refuse_bomb,
    texts_of,
)
from cnnbench.data.sources._names import some
from cnnbench.data.sources._parts import data_of_parts, facts_of_parts
from cnnbench.data.sources.pixels import GREY, RGB, RGBA
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request
from cnnbench.data.splits.classes import sort_classes
from cnnbench.errors import DataError

REVISION = 2
"""Raised when an archive is read otherwise."""

TEST = ("test", "x_test", "y_test")
Part = tuple[str, str, str]
"""A split, "all" where they are to be drawn, and its arrays of images and labels."""
LAYOUTS: tuple[tuple[Part, ...], ...] = (
    (("all", "images", "labels"),),
    *(
        (("train", "x_train", "y_train"), ("validation", f"x_{own}", f"y_{own}"), TEST)
        for own in ("val", "valid", "validation")
    ),
    (("train", "x_train", "y_train"), TEST),
    (
        ("train", "train_images", "train_labels"),
        ("validation", "val_images", "val_labels"),
        ("test", "test_images", "test_labels"),
    ),
)
"""Ours, Keras's with and without a validation split, and that of MedMNIST."""
EXPECTED = (
    "expected are images and labels, or x_train, y_train, x_test and y_test, with x_val and y_val "
    "or without"
)
CHUNK = 256


class Npz(DataSource):
    """Arrays `images` and `labels`, or those of Keras's mnist.npz, whose splits are kept.

    Images: (n, height, width) or (n, height, width, 1, 3 or 4 channels), whole numbers in 0..255,
    or floats in 0..1, which are rounded to 8 bits. Labels: whole numbers or text, (n,) or (n, 1).
    Python objects are refused: nothing is unpickled.
    """

    name: ClassVar[str] = "npz"
    argument: ClassVar[str] = "PATH"
    description: ClassVar[str] = "arrays in a NumPy archive: images and labels, or as mnist.npz"

    def facts(self, request: Request) -> Facts:
        """Read the headers of the image arrays, and the labels."""
        with open_arrays(Path(request.argument), EXPECTED) as archive:
            contents = _contents(archive)
        return facts_of_parts(contents.shape, contents.labels, contents.classes, request)

    def fingerprint(self, request: Request) -> str:
        """Size and time of the file."""
        path = Path(request.argument)
        with reading(path, EXPECTED):
            state = path.stat()
        return f"npz {REVISION} {state.st_size} {state.st_mtime_ns}"

    def load(self, request: Request) -> ImageData:
        """Read the arrays."""
        with open_arrays(Path(request.argument), EXPECTED) as archive:
            contents = _contents(archive)
            arrays = [
                _eight_bits(archive, name, array_of(archive, name)).reshape(-1, *contents.shape)
                for _, name, _ in contents.parts
            ]
        data = data_of_parts(arrays, contents.labels, contents.classes, request)
        if not contents.unused:
            return data
        unused = f"Arrays that are not used: {', '.join(contents.unused)}."
        return replace(data, notes=(*data.notes, unused))


@dataclass(frozen=True, slots=True)
class Contents:
    """parts: as in LAYOUTS. shape: of each image. texts: of each part the labels, as text.

    unused: other arrays.
    """

    parts: tuple[Part, ...]
    shape: tuple[int, int, int]
    texts: tuple[list[str], ...]
    classes: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def labels(self) -> dict[str, list[str]]:
        """Of each split in order."""
        return {part[0]: texts for part, texts in zip(self.parts, self.texts, strict=True)}


def _contents(archive: zipfile.ZipFile) -> Contents:
    names = {Path(name).stem for name in archive.namelist() if name.endswith(".npy")}
    parts = next((parts for parts in LAYOUTS if names >= _names(parts)), None)
    if parts is None:
        found = some(sorted(names)) or "no arrays"
        raise DataError(f"{archive.filename} holds {found}; {EXPECTED}", "source")
    shapes = [_shape(archive, name) for _, name, _ in parts]
    if len({shape[1:] for shape in shapes}) > 1:
        listed = " and ".join(f"{x[1]} {s[1:]}" for x, s in zip(parts, shapes, strict=True))
        raise DataError(f"the images of {archive.filename} differ in shape: {listed}", "source")
    texts = tuple(
        texts_of(archive, name, shape[0]) for (*_, name), shape in zip(parts, shapes, strict=True)
    )
    classes = sort_classes({text for part in texts for text in part})
    return Contents(parts, shapes[0][1:], texts, classes, tuple(sorted(names - _names(parts))))


def _names(parts: tuple[Part, ...]) -> set[str]:
    return {name for _, *names in parts for name in names}


def _shape(archive: zipfile.ZipFile, name: str) -> tuple[int, int, int, int]:
    """(n, height, width, channels) of an array that holds images."""
    stated, dtype = header_of(archive, name)
    shape = (*stated, GREY) if len(stated) == 3 else stated  # noqa: PLR2004 - (n, height, width)
    match shape:
        case (count, height, width, channels) if channels in (GREY, RGB, RGBA) and 0 not in shape:
            pass
        case _:
            raise DataError(
                f"array {name} of {archive.filename} has the shape {stated}; expected is (n, "
                "height, width) or (n, height, width, channels) with 1, 3 or 4 channels, and at "
                f"least one image{_channels_first(stated)}",
                "source",
            )
    if dtype.kind not in "uif":
        raise DataError(
            f"array {name} of {archive.filename} is {dtype}; expected are whole numbers in 0..255, "
            "or floats in 0..1",
            "source",
        )
    refuse_bomb(archive, name, shape, dtype)
    return count, height, width, channels


def _channels_first(shape: tuple[int, ...]) -> str:
    """How to turn images as PyTorch has them into those asked for."""
    if len(shape) == 4 and shape[1] in (GREY, RGB, RGBA):  # noqa: PLR2004
        return "; if channels come first, save images.transpose(0, 2, 3, 1)"
    return ""


def _eight_bits(archive: zipfile.ZipFile, name: str, images: NDArray[Any]) -> NDArray[np.uint8]:
    if images.dtype == np.uint8:
        return images
    result = np.empty(images.shape, np.uint8)
    whole = images.dtype.kind != "f"
    kind, most = ("whole numbers", 255) if whole else ("floats", 1)
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK]
        low, high = part.min(), part.max()
        if np.isnan(low):
            raise DataError(
                f"array {name} of {archive.filename} holds values that are no numbers (NaN): "
                "replace them, or leave out their images",
                "source",
            )
        if not (low >= 0 and high <= most):
            raise DataError(
                f"array {name} of {archive.filename} holds {kind} from {low:g} to {high:g}; "
                "expected are whole numbers in 0..255, or floats in 0..1",
                "source",
            )
        result[start : start + CHUNK] = part if whole else np.round(part.astype(float) * 255)
    return result
