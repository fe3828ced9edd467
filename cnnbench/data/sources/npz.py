"""Images in a NumPy archive."""

from __future__ import annotations

import math
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._names import some
from cnnbench.data.sources.pixels import GREY, RGB, RGBA, conform, conform_shape
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request, SplitName
from cnnbench.data.splits.classes import composed, sort_classes
from cnnbench.data.splits.draw import KEPT
from cnnbench.data.splits.duplicates import notes_on_duplicates
from cnnbench.errors import DataError, meant

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
OF_OTHER_KIND = frozenset(
    {*(".npy", ".h5", ".hdf5", ".parquet", ".csv", ".mat", ".pkl", ".pt", ".gz"), ""}
)
"""Extensions of files that hold arrays, but not as an .npz archive."""
LONGEST_LABEL = 200
"""Characters of a class's name."""
MOST_LABEL_BYTES = 256 * 2**20
CHUNK = 256
MOST_BYTES = 8 * 2**30
"""What an array may claim to hold: more is a decompression bomb rather than small images."""


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
        with _open(Path(request.argument)) as archive:
            contents = _contents(archive)
        parts = {part[0]: texts for part, texts in zip(contents.parts, contents.texts, strict=True)}
        per_class = {split: Counter(texts) for split, texts in parts.items()}
        return Facts(
            conform_shape(contents.shape, request),
            contents.classes,
            {split: len(texts) for split, texts in parts.items()},
            {
                split: tuple(counts[name] for name in contents.classes)
                for split, counts in per_class.items()
            },
        )

    def fingerprint(self, request: Request) -> str:
        """Size and time of the file."""
        path = Path(request.argument)
        with _reading(path):
            state = path.stat()
        return f"npz {REVISION} {state.st_size} {state.st_mtime_ns}"

    def load(self, request: Request) -> ImageData:
        """Read the arrays."""
        with _open(Path(request.argument)) as archive:
            contents = _contents(archive)
            arrays = [
                _eight_bits(archive, name, _array(archive, name)).reshape(-1, *contents.shape)
                for _, name, _ in contents.parts
            ]
        images = conform(arrays[0] if len(arrays) == 1 else np.concatenate(arrays), request)
        index = {name: position for position, name in enumerate(contents.classes)}
        texts = [text for part in contents.texts for text in part]
        labels = np.array([index[text] for text in texts], np.int32)
        rows: dict[str, NDArray[np.int64]] = {}
        for (split, *_), array in zip(contents.parts, arrays, strict=True):
            start = sum(map(len, rows.values()))
            rows[split] = np.arange(start, start + len(array))
        fixed: dict[SplitName, NDArray[np.int64]] = {
            split: rows[split] for split in KEPT if split in rows
        }
        sizes = [len(rows.get(split, ())) for split in ("train", "validation")]
        sizes[0] += len(rows.get("all", ()))
        notes = notes_on_duplicates(images, texts, *sizes)
        if contents.unused:
            notes = (*notes, f"Arrays that are not used: {', '.join(contents.unused)}.")
        return ImageData(images, labels, contents.classes, fixed, notes)


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
        _texts(archive, name, shape[0]) for (*_, name), shape in zip(parts, shapes, strict=True)
    )
    classes = sort_classes({text for part in texts for text in part})
    return Contents(parts, shapes[0][1:], texts, classes, tuple(sorted(names - _names(parts))))


def _names(parts: tuple[Part, ...]) -> set[str]:
    return {name for _, *names in parts for name in names}


def _shape(archive: zipfile.ZipFile, name: str) -> tuple[int, int, int, int]:
    """(n, height, width, channels) of an array that holds images."""
    stated, dtype = _header(archive, name)
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
    if math.prod(shape) * dtype.itemsize > MOST_BYTES:
        raise DataError(
            f"array {name} of {archive.filename} claims {math.prod(shape) * dtype.itemsize:,} "
            f"bytes; at most {MOST_BYTES:,} are read",
            "source",
        )
    return count, height, width, channels


def _texts(archive: zipfile.ZipFile, name: str, count: int) -> list[str]:
    """The label of each image as text."""
    shape, dtype = _header(archive, name)
    if shape not in {(count,), (count, 1)}:
        raise DataError(
            f"array {name} of {archive.filename} has the shape {shape} for {count:,} images; "
            f"expected is one whole number or text for each{_one_hot(shape, count)}",
            "source",
        )
    if dtype.kind not in "iubUS":
        raise DataError(
            f"array {name} of {archive.filename} is {dtype}; expected are whole numbers or text",
            "source",
        )
    letters = dtype.itemsize // {"U": 4, "S": 1}.get(dtype.kind, dtype.itemsize or 1)
    if letters > LONGEST_LABEL or count * dtype.itemsize > MOST_LABEL_BYTES:
        raise DataError(
            f"array {name} of {archive.filename} takes {dtype.itemsize:,} bytes for each label; "
            f"expected are class names of at most {LONGEST_LABEL} characters",
            "source",
        )
    labels = _array(archive, name).reshape(-1)
    if dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8")
    return [composed(str(label)) for label in labels.tolist()]


def _channels_first(shape: tuple[int, ...]) -> str:
    """How to turn images as PyTorch has them into those asked for."""
    if len(shape) == 4 and shape[1] in (GREY, RGB, RGBA):  # noqa: PLR2004
        return "; if channels come first, save images.transpose(0, 2, 3, 1)"
    return ""


def _one_hot(shape: tuple[int, ...], count: int) -> str:
    """How to turn labels of one column a class into those asked for."""
    if len(shape) == 2 and shape[0] == count:  # noqa: PLR2004
        return "; if there is a column for each class, save labels.argmax(axis=1)"
    return ""


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        if version not in readers:
            raise ValueError(f"array {name} has the unknown format version {version}")
        shape, _, dtype = readers[version](file)
    return shape, dtype


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


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


@contextmanager
def _open(path: Path) -> Iterator[zipfile.ZipFile]:
    with _reading(path):
        if path.is_dir():
            raise DataError(f"{path} is a folder{meant([f'folder:{path}'])}", "source")
        if path.exists() and not path.is_file():  # a named pipe would never end
            raise DataError(f"{path} is not a regular file; {EXPECTED} in an .npz file", "source")
        if path.is_file() and not path.stat().st_size:
            raise DataError(f"{path} is empty; {EXPECTED} in an .npz file", "source")
        with zipfile.ZipFile(path) as archive:
            yield archive


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what reading a missing, broken or foreign archive raises into a sentence."""
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"there is no file {path}; {EXPECTED} in an .npz file", "source") from None
    except MemoryError:
        raise DataError(f"{path} does not fit into memory", "source") from None
    except Exception as error:  # archives from elsewhere raise anything
        raise DataError(
            f"{path} can't be read as an .npz archive: {_reason(path, error)}", "source"
        ) from error


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, zipfile.BadZipFile) and path.suffix.lower() in OF_OTHER_KIND:
        made = f"numpy.savez({path.stem + '.npz'!r}, images=..., labels=...)"
        return f"{error}; read its arrays in Python and save them by {made}"
    return str(error) or type(error).__name__
