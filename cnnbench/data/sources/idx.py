"""Images in IDX files, the format of MNIST's home page and of the sets modelled on it."""

from __future__ import annotations

import gzip
import math
import re
import struct
from collections.abc import Mapping
from io import BytesIO
from typing import BinaryIO, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources._parts import data_of_parts, facts_of_parts
from cnnbench.data.sources._tree import content_of, is_dir, scan, state_of
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request
from cnnbench.data.splits.classes import sort_classes
from cnnbench.errors import DataError

REVISION = 1
"""Raised when files are read otherwise."""
NAMED = re.compile(
    r"(?P<set>.*?)(?P<split>train|t10k|test)-(?P<what>images|labels)[.-]idx[13]-ubyte(\.gz)?",
    re.IGNORECASE,
)
SPLITS = {"train": "train", "t10k": "test", "test": "test"}
MOST_BYTES = 8 * 2**30
"""What a file may claim to hold."""
BYTES = b"\0\0\x08"
"""How a file of unsigned bytes begins."""
IMAGE_AXES, LABEL_AXES = 3, 1


class Idx(DataSource):
    """A folder of train-images-idx3-ubyte and the like, gzipped or not; the test split is kept.

    The classes are the labels as numbers. Images are grey.
    """

    name: ClassVar[str] = "idx"
    argument: ClassVar[str] = "PATH"
    description: ClassVar[str] = "a folder of IDX files, as MNIST and sets like it are published"

    def facts(self, request: Request) -> Facts:
        """Read the labels, and the headers of the images."""
        files = _files(request.argument)
        labels = _labels(files)
        shapes = {split: _read(path["images"], IMAGE_AXES, 0)[0] for split, path in files.items()}
        for split, shape in shapes.items():
            if shape[0] != len(labels[split]):
                raise DataError(
                    f"{printable(files[split]['images'])} holds {shape[0]:,} images, but "
                    f"{printable(files[split]['labels'])} {len(labels[split]):,} labels",
                    "source",
                )
        (height, width), *others = {shape[1:] for shape in shapes.values()}
        if others:
            raise DataError(
                f"the images in {printable(request.argument)} differ in size between the splits",
                "source",
            )
        return facts_of_parts((height, width, 1), labels, _classes(labels), request)

    def fingerprint(self, request: Request) -> str:
        """Names, sizes and times of the files."""
        paths = [path for pair in _files(request.argument).values() for path in pair.values()]
        states = [(path, state_of(path)) for path in paths]
        return f"idx {REVISION} {[(path, x.st_size, x.st_mtime_ns) for path, x in states]}"

    def load(self, request: Request) -> ImageData:
        """Read the files."""
        self.facts(request)
        files = _files(request.argument)
        labels = _labels(files)
        images = [_read(files[split]["images"], IMAGE_AXES)[1][..., None] for split in labels]
        return data_of_parts(images, labels, _classes(labels), request)


def _files(folder: str) -> dict[str, dict[str, str]]:
    """The files of images and labels of each split. Raises DataError where there are none."""
    shown = printable(folder)
    if not is_dir(folder):
        raise DataError(f"there is no folder {shown}; {EXPECTED}", "source")
    sets: dict[str, dict[str, dict[str, str]]] = {}
    for entry in scan(folder):
        if (found := NAMED.fullmatch(entry.name)) and not entry.is_dir():
            split = SPLITS[found["split"].lower()]
            files = sets.setdefault(found["set"], {}).setdefault(split, {})
            files.setdefault(found["what"].lower(), entry.path)
    whole = {
        name: {split: files for split, files in sorted(splits.items())[::-1] if len(files) > 1}
        for name, splits in sets.items()
    }
    whole = {name: splits for name, splits in whole.items() if "train" in splits}
    if not whole:
        raise DataError(f"{shown} lacks {_lacking(sets)}; {EXPECTED}", "source")
    if len(whole) > 1:
        raise DataError(
            f"{shown} holds several sets of IDX files ({some(sorted(whole))}): put each into a "
            "folder of its own",
            "source",
        )
    return next(iter(whole.values()))


EXPECTED = (
    "expected are train-images-idx3-ubyte and train-labels-idx1-ubyte, gzipped or not, and the "
    "same with t10k for a test split"
)


def _lacking(sets: Mapping[str, Mapping[str, Mapping[str, str]]]) -> str:
    for name, splits in sets.items():
        there = splits.get("train", {})
        if len(there) == 1:
            what, axes = ("labels", 1) if "images" in there else ("images", 3)
            return f"{printable(name)}train-{what}-idx{axes}-ubyte"
    return "IDX files of a training split"


def _labels(files: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    return {
        split: [str(label) for label in _read(pair["labels"], LABEL_AXES)[1].tolist()]
        for split, pair in files.items()
    }


def _classes(labels: Mapping[str, list[str]]) -> tuple[str, ...]:
    return sort_classes({text for texts in labels.values() for text in texts})


def _shape(file: BinaryIO, shown: str, axes: int) -> tuple[int, ...]:
    head = file.read(4)
    if head[:3] != BYTES or head[3:] != bytes([axes]):
        raise DataError(f"{shown} is no IDX file of bytes with {axes} axes", "source")
    shape = struct.unpack(f">{axes}I", file.read(4 * axes))
    if not 0 < math.prod(shape) <= MOST_BYTES:
        raise DataError(f"{shown} claims the shape {shape}, which can't be", "source")
    return shape


def _read(
    path: str, axes: int, most: int | None = None
) -> tuple[tuple[int, ...], NDArray[np.uint8]]:
    """The shape that a file states, and its values, at most so many of them. Raises DataError.

    Two zero bytes, 8 for unsigned bytes, the number of axes, their lengths as big-endian 32-bit
    integers, the values in row-major order.
    """
    shown = printable(path)
    try:
        content = BytesIO(content_of(path))
        packed = path.lower().endswith(".gz")
        file = cast("BinaryIO", gzip.GzipFile(fileobj=content) if packed else content)
        shape = _shape(file, shown, axes)
        count = math.prod(shape)
        wanted = count if most is None else most
        values = np.frombuffer(file.read(wanted), np.uint8)
    except DataError:
        raise
    except Exception as error:  # files from elsewhere raise anything
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(f"{shown} can't be read: {reason}", "source") from error
    if len(values) < wanted:
        raise DataError(
            f"{shown} ends early: {len(values):,} of {count:,} bytes are there; download it again",
            "source",
        )
    return shape, values.reshape(shape) if most is None else values
