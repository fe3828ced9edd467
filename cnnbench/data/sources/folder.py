"""Photos in a folder for each class."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._extremes import Size, size_notes
from cnnbench.data.sources._found import ImageFile, Listing
from cnnbench.data.sources._listing import entered, list_images
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources.inventory import Deep
from cnnbench.data.sources.source import Facts, ImageData, Request, SplitName
from cnnbench.data.sources.streamed import Place, StreamedSource
from cnnbench.data.splits.duplicates import Fingerprinted, duplicate_notes
from cnnbench.errors import DataError

LOGGER = logging.getLogger(__name__)

SAMPLE = 500
"""How many files `facts` looks into to see whether the images are of one size."""
NAMED = 10
"""How many unreadable files a note names."""
REVISION = 4
"""Raised when files are decoded to other pixels."""


class Folder(StreamedSource):
    """A folder a class, or train, val (validation) and test above them; any image Pillow reads.

    The folder may be a zip or tar archive, or a folder in one.

    Colour "auto" is RGB, whatever the files hold. Images are stretched to `image_size`, which may
    be left out where all have one size.
    """

    name: ClassVar[str] = "folder"
    argument: ClassVar[str] = "PATH"
    description: ClassVar[str] = "photos in a folder for each class, or train, val, test above them"

    photos: ClassVar[bool] = True
    """Whether images that look almost alike are looked for among those in colour."""

    def listing(self, request: Request) -> Listing:
        """The files that are images; sources that find theirs otherwise override it."""
        from cnnbench.data.sources._decode import readable_extensions

        return list_images(entered(Path(request.argument)), readable_extensions())

    def facts(self, request: Request) -> Facts:
        """List the files; without `image_size` look into some of their headers too."""
        listing = self.listing(request)
        if request.groups:  # before anything is decoded
            self.grouped(request, [file.name for file in listing.files])
        files = listing.files[:: -(-len(listing.files) // SAMPLE)]
        height, width = request.image_size or _one_size(files)
        per_class = listing.class_count()
        count = {split: sum(counts) for split, counts in per_class.items()}
        channels = 1 if request.color == "grey" else 3
        return Facts((height, width, channels), listing.classes, count, per_class)

    def fingerprint(self, request: Request) -> str:
        """Names, sizes and times of all images, and what is said of other files."""
        listing = self.listing(request)
        digest = sha256(f"folder {REVISION} {listing.notes} {listing.passed_over}".encode())
        for file in listing.files:
            digest.update(f"{file.name}\0{file.size}\0{file.modified}\n".encode())
        return digest.hexdigest()

    def load(self, request: Request) -> ImageData:
        """Decode all images and hold them in memory."""
        with TemporaryDirectory(prefix="cnnbench-") as name:
            data = self.load_into(request, Place(Path(name)))
            return replace(data, images=np.array(data.images, np.uint8))

    def load_into(self, request: Request, place: Place) -> ImageData:
        """Decode all images that are not there yet."""
        from cnnbench.data.sources._decode import library
        from cnnbench.data.sources._filling import IMAGES, Photos, close_gaps, fill

        listing = self.listing(request)
        size = request.image_size or _one_size(listing.files)
        color: Literal["grey", "rgb"] = "grey" if request.color == "grey" else "rgb"
        LOGGER.info("decoding %d files, each %d x %d %s", len(listing.files), *size, color)
        photos = Photos(self.name, listing.files, size, color, f"{REVISION} {library()}")
        filled = fill(photos, place)
        _refuse_unreadable(listing, filled.unreadable, request)
        files = [x for row, x in enumerate(listing.files) if row not in filled.unreadable]
        rows = close_gaps(photos, filled, place.folder)
        index = {name: position for position, name in enumerate(listing.classes)}
        fixed: dict[SplitName, NDArray[np.int64]] = {
            split: np.array([row for row, file in enumerate(files) if file.split == split])
            for split in dict.fromkeys(file.split for file in files)
            if split is not None
        }
        return ImageData(
            np.load(place.folder / IMAGES, mmap_mode="r"),
            np.array([index[file.class_name] for file in files], np.int32),
            listing.classes,
            fixed,
            (
                *listing.notes,
                *_unreadable_notes(listing, filled.unreadable),
                *_duplicates(files, rows["pixels"]),
                *_white_notes(filled.deep, len(files)),
            ),
            filled.deep,
            listing.passed_over,
            names=tuple(file.name for file in files),
            alike=self._alike(place.folder / IMAGES, rows["pixels"]),
        )

    def _alike(self, images: Path, pixels: NDArray[np.void]) -> NDArray[np.int64] | None:
        """Pairs of photos that show nearly the same. pixels: a digest of each image."""
        from cnnbench.data.sources._perceptual import alike_photos

        if not self.photos:
            return None
        return alike_photos(images, np.sort(np.unique(pixels, return_index=True)[1]))

    def oddities(self, request: Request) -> tuple[str, ...]:
        """Images of extreme sizes, from their headers; none where all must have one size."""
        if request.image_size is None:
            return ()
        return size_notes(_sizes(self.listing(request).files), request.image_size)


def labelled_fingerprint(files: str, listing: Listing) -> str:
    """The fingerprint of files whose class and split are not told by their names."""
    said = sha256(files.encode())
    for file in listing.files:
        said.update(f"{file.class_name}\0{file.split}\n".encode())
    return said.hexdigest()


def _one_size(files: Sequence[ImageFile]) -> Size:
    """The size that all readable files have; raises DataError where two differ."""
    from cnnbench.data.sources._decode import UnreadableError, image_size, quiet

    known: tuple[ImageFile, Size] | None = None
    with quiet():
        for file in files:
            try:
                size = image_size(file.path)
            except UnreadableError:
                continue
            if known is None:
                known = file, size
            elif size != known[1]:
                raise DataError(
                    f"the images differ in size: {known[0].name} is {_text(known[1])}, "
                    f"{file.name} is {_text(size)}; set image_size = [height, width]",
                    "image_size",
                )
    if known is None:
        raise DataError(
            f"none of {len(files):,} images can be read, {printable(files[0].path)} first",
            "source",
        )
    return known[1]


def _sizes(files: Sequence[ImageFile]) -> list[tuple[str, Size]]:
    """Name and size of each file that can be read."""
    from cnnbench.data.sources._decode import UnreadableError, image_size, quiet

    def work(file: ImageFile) -> Size | None:
        try:
            return image_size(file.path)
        except UnreadableError:
            return None

    with quiet(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        found = list(pool.map(work, files))
    return [(file.name, size) for file, size in zip(files, found, strict=True) if size]


def _text(size: Size) -> str:
    return f"[{size[0]}, {size[1]}]"


def _white_notes(deep: Deep | None, images: int) -> tuple[str, ...]:
    if deep is None:
        return ()
    have = "1 image has" if deep.images == 1 else f"{deep.images:,} images have"
    note = f"{have} more than 8 bits a channel; the brightest value of all is "
    white = f"{deep.white:,} ({deep.bits} bits) is taken for white"
    rest = images - deep.images
    others = (
        f" The others, {rest:,}, have 8 bits, of which 255 is white: if they show the same things, "
        "brightness tells the two kinds apart."
    )
    return (f"{note}{deep.brightest:,}, so {white}.{others if rest else ''}",)


def _refuse_unreadable(listing: Listing, unreadable: Mapping[int, str], request: Request) -> None:
    """Raise DataError where unreadable files are an error, or nothing else is in a split."""
    bad = _reasons(listing, unreadable)
    if bad and request.unreadable == "error":
        raise DataError(
            f"{_of(listing, unreadable)} can't be read: {_some(bad)}; mend or remove the files, or "
            'give --set data.unreadable="skip"',
            "unreadable",
        )
    left = {file.split for row, file in enumerate(listing.files) if row not in unreadable}
    for split in dict.fromkeys(file.split for file in listing.files):
        if split not in left:
            of_split = {
                row: why for row, why in unreadable.items() if listing.files[row].split == split
            }
            lost = _reasons(listing, of_split)
            whole = f"of the given {split} split " if split else ""
            raise DataError(
                f"none of the {len(lost):,} images {whole}can be read: {_some(lost)}; mend or "
                "remove the files",
                "source",
            )


def _reasons(listing: Listing, unreadable: Mapping[int, str]) -> list[str]:
    """The files that can't be read, each with the reason."""
    return [f"{listing.files[row].name} ({unreadable[row]})" for row in sorted(unreadable)]


def _some(bad: Sequence[str]) -> str:
    more = f" and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
    return ", ".join(bad[:NAMED]) + more


def _of(listing: Listing, unreadable: Mapping[int, str]) -> str:
    return f"{len(unreadable):,} of {len(listing.files):,} images"


def _unreadable_notes(listing: Listing, unreadable: Mapping[int, str]) -> tuple[str, ...]:
    if not unreadable:
        return ()
    bad = _reasons(listing, unreadable)
    notes = [f"{_of(listing, unreadable)} can't be read and are skipped: {_some(bad)}."]
    read = {file.class_name for row, file in enumerate(listing.files) if row not in unreadable}
    lost = [name for name in listing.classes if name not in read]
    if lost:
        notes.append(f"Classes of which no image can be read: {some(lost)}.")
    return tuple(notes)


def _duplicates(files: Sequence[ImageFile], pixels: NDArray[np.void]) -> tuple[str, ...]:
    """Of images whose digests occur more than once; the others would fill memory."""
    _, group, times = np.unique(pixels, return_inverse=True, return_counts=True)
    return duplicate_notes(
        [
            Fingerprinted(pixels[row].tobytes(), file.class_name, file.split or "", file.name)
            for row in np.flatnonzero(times[group] > 1).tolist()
            for file in (files[row],)
        ]
    )
