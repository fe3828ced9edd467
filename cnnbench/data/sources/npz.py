"""Images in a NumPy archive."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.classes import sort_classes
from cnnbench.data.duplicates import Fingerprinted, duplicate_notes, pixel_digest
from cnnbench.data.pixels import GREY, RGB, RGBA, conform, conform_shape
from cnnbench.data.source import DataSource, Facts, ImageData, Request, SplitName
from cnnbench.errors import DataError

OWN = {"images": "labels"}
KERAS = {"x_train": "y_train", "x_test": "y_test"}
LAYOUT = "expected are images and labels, or x_train, y_train, x_test and y_test"
CHUNK = 256


class Npz(DataSource):
    """Arrays `images` and `labels`, or the four of Keras's mnist.npz, whose test split is kept.

    Images: (n, height, width) or (n, height, width, 1, 3 or 4 channels), uint8, or floats in 0..1,
    which are rounded to 8 bits. Labels: whole numbers or text, (n,) or (n, 1).
    """

    name: ClassVar[str] = "npz"
    argument: ClassVar[str] = "PATH"
    description: ClassVar[str] = "arrays in a NumPy archive: images and labels, or as mnist.npz"

    def facts(self, request: Request) -> Facts:
        """Read the headers of the image arrays, and the labels."""
        path = Path(request.argument)
        with _reading(path), zipfile.ZipFile(path) as archive:
            pairs = _pairs(path, {Path(name).stem for name in archive.namelist()})
            shapes = [_shape(path, name, *_header(archive, name)) for name in pairs]
        names = [_class_names(path, *item) for item in zip(pairs.values(), shapes, strict=True)]
        shape = _common_shape(path, pairs, shapes)
        classes = sort_classes(set(np.concatenate(names).tolist()))
        keys = ("train", "test") if len(pairs) > 1 else ("all",)
        per_class = {
            key: tuple(int((own == name).sum()) for name in classes)
            for key, own in zip(keys, names, strict=True)
        }
        count = {key: len(own) for key, own in zip(keys, names, strict=True)}
        return Facts(conform_shape(shape, request), classes, count, per_class)

    def fingerprint(self, request: Request) -> str:
        """Size and time of the file."""
        path = Path(request.argument)
        with _reading(path):
            state = path.stat()
        return f"{state.st_size} {state.st_mtime_ns}"

    def load(self, request: Request) -> ImageData:
        """Read the arrays."""
        path = Path(request.argument)
        with _reading(path), np.load(path) as archive:
            pairs = _pairs(path, set(archive))
            arrays = [archive[name] for name in pairs]
        shapes = [
            _shape(path, name, array.shape, array.dtype)
            for name, array in zip(pairs, arrays, strict=True)
        ]
        height, width, channels = _common_shape(path, pairs, shapes)
        names = [_class_names(path, *item) for item in zip(pairs.values(), shapes, strict=True)]
        classes = sort_classes(set(np.concatenate(names).tolist()))
        index = {name: position for position, name in enumerate(classes)}
        pixels = [_eight_bits(path, *item) for item in zip(pairs, arrays, strict=True)]
        images = pixels[0] if len(pixels) == 1 else np.concatenate(pixels)
        images = conform(images.reshape(-1, height, width, channels), request)
        texts = np.concatenate(names).tolist()
        labels = np.array([index[text] for text in texts], np.int32)
        fixed: dict[SplitName, NDArray[np.int64]] = {}
        if len(pairs) > 1:
            fixed["test"] = np.arange(len(arrays[0]), len(images))
        return ImageData(images, labels, classes, fixed, _notes(images, texts, fixed))


def _pairs(path: Path, names: set[str]) -> dict[str, str]:
    """The array of images to the array of its labels, in the order of the rows."""
    for pairs in (OWN, KERAS):
        if names.issuperset({*pairs, *pairs.values()}):
            return pairs
    found = ", ".join(sorted(names)) or "no arrays"
    raise DataError(f"{path} holds {found}; {LAYOUT}", "source")


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"array {name} has the unknown format version {version}")
        shape, _, dtype = read(file)
    return shape, dtype


def _shape(
    path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> tuple[int, int, int, int]:
    """(n, height, width, channels) of an array that holds images."""
    if len(shape) == 3:  # noqa: PLR2004 - (n, height, width)
        shape = (*shape, GREY)
    if len(shape) != 4 or shape[3] not in (GREY, RGB, RGBA) or 0 in shape:  # noqa: PLR2004 - and channels
        raise DataError(
            f"array {name} of {path} has the shape {shape}; expected is (n, height, width) or "
            "(n, height, width, channels) with 1, 3 or 4 channels, and at least one image",
            "source",
        )
    if dtype != np.uint8 and not np.issubdtype(dtype, np.floating):
        raise DataError(
            f"array {name} of {path} is {dtype}; expected is uint8, or floats in 0..1", "source"
        )
    return shape[0], shape[1], shape[2], shape[3]


def _common_shape(
    path: Path, names: dict[str, str], shapes: list[tuple[int, int, int, int]]
) -> tuple[int, int, int]:
    if len({shape[1:] for shape in shapes}) > 1:
        listed = " and ".join(f"{n} {s[1:]}" for n, s in zip(names, shapes, strict=True))
        raise DataError(f"the images of {path} differ in shape: {listed}", "source")
    return shapes[0][1:]


def _class_names(path: Path, name: str, shape: tuple[int, int, int, int]) -> NDArray[np.str_]:
    """The label of each image as text."""
    with _reading(path), np.load(path) as archive:
        labels = archive[name]
    if labels.shape not in {(shape[0],), (shape[0], 1)}:
        raise DataError(
            f"array {name} of {path} has the shape {labels.shape} for {shape[0]:,} images; "
            "expected is one whole number or text for each",
            "source",
        )
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8")
    if labels.dtype.kind not in "iubU":
        raise DataError(
            f"array {name} of {path} is {labels.dtype}; expected are whole numbers or text",
            "source",
        )
    texts: NDArray[np.str_] = labels.reshape(-1).astype(np.str_)
    return texts


def _eight_bits(path: Path, name: str, images: NDArray[np.generic]) -> NDArray[np.uint8]:
    if images.dtype == np.uint8:
        return images.view(np.uint8)
    result = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK].astype(np.float64)
        low, high = part.min(), part.max()
        if not (low >= 0 and high <= 1):
            raise DataError(
                f"array {name} of {path} holds floats from {low:g} to {high:g}; expected are "
                "floats in 0..1, or uint8 for 0..255",
                "source",
            )
        result[start : start + CHUNK] = np.round(part * 255)
    return result


def _notes(
    images: NDArray[np.uint8], names: list[str], fixed: dict[SplitName, NDArray[np.int64]]
) -> tuple[str, ...]:
    test = set(fixed.get("test", np.empty(0, np.int64)).tolist())
    other = "train" if test else ""
    return duplicate_notes(
        [
            Fingerprinted(
                pixel_digest(image), name, "test" if row in test else other, f"image {row}"
            )
            for row, (image, name) in enumerate(zip(images, names, strict=True))
        ]
    )


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what reading a missing, broken or foreign archive raises into a sentence."""
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"there is no file {path}; {LAYOUT} in an .npz file", "source") from None
    except MemoryError:
        raise DataError(f"{path} does not fit into memory", "source") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} can't be read as an .npz archive: {error}", "source") from error
