"""Sources whose images are decoded one by one into a file, more of them than memory holds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cnnbench.data.sources.groups import ToldGroups, is_pattern, is_table, told_by
from cnnbench.data.sources.source import DataSource, ImageData, Request


@dataclass(frozen=True, slots=True)
class Decoding:
    """How far a source has come. done, total: images. left: seconds, None before there is a pace.

    taken: how many of those done were decoded by an earlier run.
    """

    source: str
    done: int
    total: int
    taken: int = 0
    left: float | None = None


Watcher = Callable[[Decoding], None]
"""Is told a few times a second how far the decoding has come."""


def nobody(decoding: Decoding) -> None:
    """Watches nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where images are decoded to.

    folder: holds what an interrupted run left there. former: folders of the same kind, finished or
    not, whose images may be taken over where their files are as they were. watch: is told how far
    it has come.
    """

    folder: Path
    former: Sequence[Path] = ()
    watch: Watcher = nobody


class StreamedSource(DataSource):
    """A source that never holds all its images in memory, and goes on where it was interrupted."""

    @abstractmethod
    def load_into(self, request: Request, place: Place) -> ImageData:
        """Decode every image into IMAGES in the folder of `place`.

        The images of what is returned are mapped from that file. Raises DataError, and OSError
        where the file can't be written.
        """

    def grouped(self, request: Request, names: Sequence[str]) -> ToldGroups:
        """The group of each image, as `request.groups` tells it; asked only where it does.

        names: of the images that were read. `request.groups` is a pattern over them, the path of a
        table, or a column of the source. Raises DataError.
        """
        if is_pattern(request.groups) or is_table(request.groups):
            return told_by(request.groups, names)
        return self.by_column(request, names)

    def by_column(self, request: Request, names: Sequence[str]) -> ToldGroups:
        """The same, as the column `request.groups` tells it; sources with columns override it."""
        return told_by(request.groups, names)  # which says that it is neither pattern nor table
