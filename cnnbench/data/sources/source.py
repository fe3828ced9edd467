"""What a data source is, for the built-in ones and for plugins.

A source is named in a recipe as NAME or NAME:ARGUMENT, `folder:photos`, `keras:cifar10`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.inventory import Deep

SplitName = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Request:
    """What of a source is wanted: everything that changes the decoded pixels, and groups of images.

    argument: what follows the colon, "" without one (a path is absolute).
    image_size: (height, width), None for the source's own.
    color: "grey" is one channel, "rgb" three, "auto" what the source has.
    unreadable: an image that can't be decoded is skipped and counted, or is an error.
    groups: how a recipe tells which images belong together, "" if it does not; changes no pixel.
    """

    argument: str = ""
    image_size: tuple[int, int] | None = None
    color: Literal["auto", "grey", "rgb"] = "auto"
    unreadable: Literal["skip", "error"] = "skip"
    groups: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a source without decoding an image.

    shape: (height, width, channels); of signals (length, 1, channels). count: number of images, per
    split where the source fixes splits ("train", "validation", "test"), else under "all"; of a
    folder the files, readable or not. class_count: under the same keys the number of images of each
    class, in the order of `classes`; empty where not known. signals: whether they are float32
    signals, not images. group_count: of each group of images that belong together the number of
    each class, over all splits; empty where there are none, or not known.
    """

    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    count: Mapping[str, int]
    class_count: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    signals: bool = False
    group_count: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ImageData:
    """Decoded images, or signals.

    images: uint8, shape (n, height, width, channels); of signals float32, (n, length, 1, channels).
    labels: int32, shape (n,), indices into `classes`. fixed: rows of the splits that the source
    itself fixes (a test split that everybody uses), empty if none. notes: one sentence each about
    what a user should know: skipped files, duplicates, synthetic images. deep: where files have
    more than 8 bits a channel. passed_over: files that are of no known image format, by extension.
    names: of the files, below their folder, empty where images are no files of their own. groups:
    int64, shape (n,), equal numbers for images that belong together, such as those of one patient,
    which no two splits share; None where the source does not tell. alike: int64, shape (m, 2), rows
    of images that show nearly the same; None where nobody looked.
    """

    images: NDArray[np.uint8] | NDArray[np.float32]
    labels: NDArray[np.int32]
    classes: tuple[str, ...]
    fixed: Mapping[SplitName, NDArray[np.int64]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    deep: Deep | None = None
    passed_over: Mapping[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    groups: NDArray[np.int64] | None = None
    alike: NDArray[np.int64] | None = None


class DataSource(ABC):
    """A place images come from. Cheap to create; imports what it needs in `facts` and `load`.

        class Dots(DataSource):
            name = "dots"
            description = "a grey dot, light or dark"
            synthetic = True

            def facts(self, request):
                shape = conform_shape((1, 1, 1), request)
                return Facts(shape, classes=("dark", "light"), count={"all": 2})

            def fingerprint(self, request):
                return "1"

            def load(self, request):
                images = np.array([0, 255], np.uint8).reshape(2, 1, 1, 1)
                labels = np.array([0, 1], np.int32)
                return ImageData(conform(images, request), labels, ("dark", "light"))

    What `load` delivers is checked against `facts` before anything trains on it.
    """

    name: ClassVar[str]
    """Before the colon, "folder"."""
    argument: ClassVar[str] = ""
    """What follows the colon, for help texts: "PATH"; empty if nothing does."""
    description: ClassVar[str] = ""
    """One line for `cnnbench plugins`."""
    synthetic: ClassVar[bool] = False
    """Drawn by a program rather than photographed; always said beside results."""

    @abstractmethod
    def facts(self, request: Request) -> Facts:
        """Shape, classes and counts, in well under a second. Raises DataError."""

    @abstractmethod
    def fingerprint(self, request: Request) -> str:
        """Text that changes whenever `load` would return something else.

        File names, sizes and times, or the version of the package that ships the images. It decides
        whether a cached copy still holds.
        """

    @abstractmethod
    def load(self, request: Request) -> ImageData:
        """Decode every image. Raises DataError."""

    def oddities(self, request: Request) -> tuple[str, ...]:  # noqa: ARG002 - for those who override
        """What else looks wrong about the files, a sentence each, for `cnnbench look` alone.

        What `load` notes is known by then; each file may be opened. Raises DataError.
        """
        return ()
