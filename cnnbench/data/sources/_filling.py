"""Filling a file with the images of a folder: what is there is kept, the rest is decoded."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources import _journal
from cnnbench.data.sources._decoder import Color, Job
from cnnbench.data.sources._decoders import decoded
from cnnbench.data.sources._found import ImageFile
from cnnbench.data.sources._journal import EIGHT_BITS, Head, Journal, Rows
from cnnbench.data.sources._rows import RowFile
from cnnbench.data.sources.inventory import Deep
from cnnbench.data.sources.streamed import Decoding, Place, Watcher
from cnnbench.data.splits.duplicates import pixel_digest

IMAGES = "images.npy"
EARLIER = "earlier"
"""Images of a listing that has changed since; they are taken over where their files have not."""
PAUSE = 0.2
"""Seconds between two words on how far it has come."""


@dataclass(frozen=True, slots=True)
class Photos:
    """Files to decode, in the order of their rows. size: (height, width) that they are brought to.

    source: its name. decoder: versions that the pixels depend on.
    """

    source: str
    files: Sequence[ImageFile]
    size: tuple[int, int]
    color: Color
    decoder: str

    def head(self, rows: Rows) -> Head:
        """What these rows have in common."""
        shape = (len(rows), *self.size, 1 if self.color == "grey" else 3)
        return Head(self.decoder, shape, _journal.files_of(rows))


@dataclass(frozen=True, slots=True)
class Filled:
    """rows: of each file, in order; `white` is 0 for those that can't be read. unreadable: why."""

    rows: Rows
    unreadable: Mapping[int, str]
    deep: Deep | None


def fill(photos: Photos, place: Place) -> Filled:
    """Decode every file to its own row of IMAGES; those of unreadable ones hold nothing of use.

    Order and pixels are the same whatever is taken over, and however many processes decode. Raises
    OSError where there is no room.
    """
    rows = _journal.keys_of([f"{x.name}\0{x.size}\0{x.modified}" for x in photos.files])
    head = photos.head(rows)
    pace = _Pace(photos.source, len(rows), place.watch)
    with _opened(place.folder, head, rows) as images:
        pace.take(_keep_sound(images, rows))
        _refuse_without_room(images, rows)
        with Journal(place.folder, head, rows) as journal:
            for former in (place.folder / EARLIER, *place.former):
                pace.take(_take_over(former, head, images, rows, journal))
            work = _Work(photos, images, rows, journal, pace)
            deep = work.decode_all()
    return Filled(rows, work.unreadable, deep)


def close_gaps(photos: Photos, filled: Filled, folder: Path) -> Rows:
    """Move images up to where unreadable files left gaps; the rows that there are then.

    The folder becomes one that later fillings take over from.
    """
    rows = filled.rows[filled.rows["white"] > 0]
    with RowFile.open(folder / IMAGES, writable=True) as images:
        for to, row in enumerate(rows["row"].tolist()):
            if to != row:
                images.write(to, images.read(row))
        images.shrink(len(rows))
        rows["row"] = np.arange(len(rows))
        Journal(folder, photos.head(rows), rows).close()
    shutil.rmtree(folder / EARLIER, ignore_errors=True)
    return rows


def _opened(folder: Path, head: Head, rows: Rows) -> RowFile:
    """The images that an interrupted run left, if they are of the same files; else a new file."""
    told = _journal.read(folder)
    if told and told[0] == head:
        with suppress(OSError, ValueError):
            images = RowFile.open(folder / IMAGES, writable=True)
            if images.shape == head.shape:
                rows[told[1]["row"]] = told[1]
                return images
    if told and len(told[1]):
        earlier = folder / EARLIER
        shutil.rmtree(earlier, ignore_errors=True)
        earlier.mkdir()
        for name in (IMAGES, _journal.NAME):
            with suppress(OSError):
                (folder / name).rename(earlier / name)
    return RowFile.create(folder / IMAGES, head.shape)


def _keep_sound(images: RowFile, rows: Rows) -> int:
    """Forget images whose pixels are not those that were told; how many are left."""
    for row in np.flatnonzero(rows["white"]).tolist():
        if pixel_digest(images.read(row)) != rows[row]["pixels"].tobytes():
            rows[row]["white"] = rows[row]["deep"] = 0
    return int(np.count_nonzero(rows["white"]))


def _refuse_without_room(images: RowFile, rows: Rows) -> None:
    """Raise OSError now rather than after hours."""
    needed = int(np.count_nonzero(rows["white"] == 0)) * images.row_bytes
    disk = shutil.disk_usage(images.path.parent)
    if disk.total and disk.free < needed:
        wanted, free = (f"{size / 2**30:.1f} GiB" for size in (needed, disk.free))
        raise OSError(errno.ENOSPC, f"they take {wanted}, of which {free} are free")


def _take_over(former: Path, head: Head, images: RowFile, rows: Rows, journal: Journal) -> int:
    """Copy what another folder holds of the same files; the number of images."""
    told = _journal.read(former)
    if not told or not told[0].alike(head):
        return 0
    try:
        theirs = RowFile.open(former / IMAGES)
    except (OSError, ValueError):
        return 0
    taken = 0
    with theirs:
        for row, there in _same_files(rows, told[1]):
            image = theirs.read(int(there["row"])) if there["white"] else b""
            if there["white"] and pixel_digest(image) != there["pixels"].tobytes():
                continue
            if there["white"]:
                images.write(row, image)
                taken += 1
            for name in ("pixels", "white", "deep"):
                rows[row][name] = there[name]
            journal.tell(rows[row])
    return taken


def _same_files(rows: Rows, told: Rows) -> Iterator[tuple[int, np.void]]:
    """Rows that have nothing yet, each with what is told of the same file, unchanged."""
    if not len(told):
        return
    told = told[np.argsort(told["file"])]
    wanted = np.flatnonzero((rows["white"] == 0) & (rows["deep"] == 0))
    at = np.minimum(np.searchsorted(told["file"], rows["file"][wanted]), len(told) - 1)
    for row, there in zip(wanted.tolist(), told[at], strict=True):
        if (there["file"], there["state"]) == (rows[row]["file"], rows[row]["state"]):
            yield row, there


@dataclass(frozen=True, slots=True)
class _Work:
    """Decodes the rows that have nothing yet. unreadable: why a row stays without pixels."""

    photos: Photos
    images: RowFile
    rows: Rows
    journal: Journal
    pace: _Pace
    unreadable: dict[int, str] = field(default_factory=dict)

    def decode_all(self) -> Deep | None:
        """Images of more than 8 bits a channel are scaled alike, once all are seen.

        Scaled each by its own brightest value, the same thing would be dark in one and bright in
        another.
        """
        from cnnbench.data.sources._decode import white_for

        white, deep = self.rows["white"], self.rows["deep"]
        self._decode((white == 0) & (deep == 0))
        if not deep.any():
            return None
        brightest = int(deep.max()) - 1
        wanted = white_for(brightest)
        self._decode((deep > 0) & (white != wanted), wanted)
        return Deep(int(np.count_nonzero(deep)), brightest, wanted)

    def _decode(self, chosen: NDArray[np.bool_], white: int | None = None) -> None:
        files = self.photos.files
        jobs = [Job(row, files[row].path, white) for row in np.flatnonzero(chosen).tolist()]
        with closing(decoded(jobs, self.images, self.photos.color)) as answers:
            for answer in answers:
                told = self.rows[answer.row]
                if answer.unreadable:
                    self.unreadable[answer.row] = answer.unreadable
                    told["white"] = told["deep"] = 0
                elif answer.brightest is not None:
                    told["deep"] = answer.brightest + 1
                else:
                    told["pixels"] = bytes.fromhex(answer.pixels)
                    told["white"] = white or EIGHT_BITS
                if not answer.unreadable:
                    self.journal.tell(told)
                self.pace.step(0.5 if told["deep"] else 1.0)


@dataclass(slots=True)
class _Pace:
    """Tells how far it has come, now and then. total: images."""

    source: str
    total: int
    watch: Watcher
    taken: int = 0
    done: float = 0.0
    _begun: float = field(default_factory=time.monotonic)
    _said: float = 0.0

    def take(self, images: int) -> None:
        """Images that need not be decoded."""
        self.taken += images
        self.done += images
        self._begun = time.monotonic()

    def step(self, images: float) -> None:
        """What has been decoded since."""
        self.done = min(self.done + images, self.total)
        if self.done == self.total or time.monotonic() - self._said >= PAUSE:
            self._said = time.monotonic()
            pace = (self.done - self.taken) / (self._said - self._begun)
            left = (self.total - self.done) / pace if pace > 0 else None
            self.watch(Decoding(self.source, int(self.done), self.total, self.taken, left))
