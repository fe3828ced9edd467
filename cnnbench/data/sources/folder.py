"""Photos in a folder for each class."""

from __future__ import annotations

import itertools
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources._extremes import Size, size_notes
from cnnbench.data.sources._found import ImageFile, Listing
from cnnbench.data.sources._listing import entered, list_images
from cnnbench.data.sources._names import printable, some
from cnnbench.data.sources.inventory import Deep
from cnnbench.data.sources.source import DataSource, Facts, ImageData, Request, SplitName
from cnnbench.data.splits.duplicates import Fingerprinted, duplicate_notes, pixel_digest
from cnnbench.errors import DataError

LOGGER = logging.getLogger(__name__)

SAMPLE = 500
"""How many files `facts` looks into to see whether the images are of one size."""
NAMED = 10
"""How many unreadable files a note names."""
REVISION = 4
"""Raised when files are decoded to other pixels."""


class Folder(DataSource):
    """A folder a class, or train, val (validation) and test above them; any image Pillow reads.

    The folder may be a zip or tar archive, or a folder in one.

    Colour "auto" is RGB, whatever the files hold. Images are stretched to `image_size`, which may
    be left out where all have one size.
    """

    name: ClassVar[str] = "folder"
    argument: ClassVar[str] = "PATH"
    description: ClassVar[str] = "photos in a folder for each class, or train, val, test above them"

    def listing(self, request: Request) -> Listing:
        """The files that are images; sources that find theirs otherwise override it."""
        from cnnbench.data.sources._decode import readable_extensions

        return list_images(entered(Path(request.argument)), readable_extensions())

    def facts(self, request: Request) -> Facts:
        """List the files; without `image_size` look into some of their headers too."""
        listing = self.listing(request)
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
        """Decode all images, a few at a time."""
        listing = self.listing(request)
        size = request.image_size or _one_size(listing.files)
        color: Literal["grey", "rgb"] = "grey" if request.color == "grey" else "rgb"
        LOGGER.info("decoding %d files, each %d x %d %s", len(listing.files), *size, color)
        images, outcomes, deep = _decode_all(listing.files, size, color)
        files, digests = _readable(listing, outcomes, images, request)
        index = {name: position for position, name in enumerate(listing.classes)}
        fixed: dict[SplitName, NDArray[np.int64]] = {
            split: np.array([row for row, file in enumerate(files) if file.split == split])
            for split in dict.fromkeys(file.split for file in files)
            if split is not None
        }
        return ImageData(
            images[: len(files)],
            np.array([index[file.class_name] for file in files], np.int32),
            listing.classes,
            fixed,
            (
                *listing.notes,
                *_unreadable_notes(listing, outcomes),
                *_duplicates(files, digests),
                *_white_notes(deep, len(files)),
            ),
            deep,
            listing.passed_over,
        )

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


Outcome = tuple[ImageFile, bytes | Exception]
"""A file with the digest of its pixels, or why it can't be read."""


def _one_size(files: Sequence[ImageFile]) -> Size:
    """The size that all readable files have; raises DataError where two differ."""
    from cnnbench.data.sources._decode import UnreadableError, image_size

    known: tuple[ImageFile, Size] | None = None
    with _quiet():
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
    from cnnbench.data.sources._decode import UnreadableError, image_size

    def work(file: ImageFile) -> Size | None:
        try:
            return image_size(file.path)
        except UnreadableError:
            return None

    with _quiet(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        found = list(pool.map(work, files))
    return [(file.name, size) for file, size in zip(files, found, strict=True) if size]


def _text(size: Size) -> str:
    return f"[{size[0]}, {size[1]}]"


def _decode_all(
    files: Sequence[ImageFile], size: Size, color: Literal["grey", "rgb"]
) -> tuple[NDArray[np.uint8], list[Outcome], Deep | None]:
    """Every file at its own row; the rows of unreadable ones hold nothing of use.

    Images of more than 8 bits a channel are scaled alike, once all are seen: scaled each by its own
    brightest value, the same thing would be dark in one and bright in another.
    """
    from cnnbench.data.sources._decode import UnreadableError, decode, white_for

    shape = (len(files), *size, 1 if color == "grey" else 3)
    images = np.empty(shape, np.uint8)

    def work(row: int, white: int | None = None) -> bytes | int | Exception:
        try:
            decoded = decode(files[row].path, size, color, white)
        except UnreadableError as error:
            return error
        if isinstance(decoded, int):
            return decoded
        images[row] = decoded
        return pixel_digest(images[row])

    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
    try:
        with _quiet():
            results = list(pool.map(work, range(len(files))))
            brightest = {row: value for row, value in enumerate(results) if isinstance(value, int)}
            deep = None
            if brightest:
                peak = max(brightest.values())
                deep = Deep(len(brightest), peak, white_for(peak))
                again = pool.map(work, brightest, itertools.repeat(deep.white))
                for row, result in zip(brightest, again, strict=True):
                    results[row] = result
    finally:
        pool.shutdown(cancel_futures=True)
    outcomes = [(x, y) for x, y in zip(files, results, strict=True) if not isinstance(y, int)]
    return images, outcomes, deep


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


def _readable(
    listing: Listing, outcomes: Sequence[Outcome], images: NDArray[np.uint8], request: Request
) -> tuple[list[ImageFile], list[bytes]]:
    """The files that could be read, whose pixels are moved up to close the gaps."""
    bad = _reasons(outcomes)
    if bad and request.unreadable == "error":
        raise DataError(
            f"{_of(bad, outcomes)} can't be read: {_some(bad)}; mend or remove the files, or give "
            '--set data.unreadable="skip"',
            "unreadable",
        )
    files: list[ImageFile] = []
    digests: list[bytes] = []
    for row, (file, result) in enumerate(outcomes):
        if not isinstance(result, Exception):
            images[len(files)] = images[row]
            files.append(file)
            digests.append(result)
    left = {file.split for file in files}
    for split in dict.fromkeys(file.split for file in listing.files):
        if split not in left:
            lost = _reasons([item for item in outcomes if item[0].split == split])
            whole = f"of the given {split} split " if split else ""
            raise DataError(
                f"none of the {len(lost):,} images {whole}can be read: {_some(lost)}; mend or "
                "remove the files",
                "source",
            )
    return files, digests


def _reasons(outcomes: Sequence[Outcome]) -> list[str]:
    """The files that can't be read, each with the reason."""
    return [f"{file.name} ({why})" for file, why in outcomes if isinstance(why, Exception)]


def _some(bad: Sequence[str]) -> str:
    more = f" and {len(bad) - NAMED:,} more" if len(bad) > NAMED else ""
    return ", ".join(bad[:NAMED]) + more


def _of(bad: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    return f"{len(bad):,} of {len(outcomes):,} images"


def _unreadable_notes(listing: Listing, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    bad = _reasons(outcomes)
    if not bad:
        return ()
    notes = [f"{_of(bad, outcomes)} can't be read and are skipped: {_some(bad)}."]
    read = {file.class_name for file, why in outcomes if not isinstance(why, Exception)}
    lost = [name for name in listing.classes if name not in read]
    if lost:
        notes.append(f"Classes of which no image can be read: {some(lost)}.")
    return tuple(notes)


def _duplicates(files: Sequence[ImageFile], digests: Sequence[bytes]) -> tuple[str, ...]:
    return duplicate_notes(
        [
            Fingerprinted(digest, file.class_name, file.split or "", file.name)
            for file, digest in zip(files, digests, strict=True)
        ]
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Pillow's warnings on odd files; what matters of them is reported as unreadable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
