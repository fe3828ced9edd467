"""One image file to pixels, by Pillow."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError, __version__, features

from cnnbench.data.sources._archive import split_path
from cnnbench.data.sources._shelf import is_record, record
from cnnbench.data.sources._tree import packed

REFUSED = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"})
"""Formats that Pillow only identifies, or hands to another program, Ghostscript, to draw."""
MOST_PIXELS = 89_478_485
"""Where Pillow begins to warn of a decompression bomb: a quarter of a gibibyte as RGB."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to what turns the picture upright."""
SWAPS_SIDES = 5
"""From this orientation on, height and width are swapped."""
ORIENTATION = 0x0112
WHITES = tuple(2**bits - 1 for bits in (8, 10, 12, 14, 16))
"""The values of white that cameras and scanners store in 16 bits."""
SHRUNK = frozenset({"JPEG", "MPO"})
"""Formats that are decoded at a fraction of their size where a small image is wanted."""
ROWS_PIXELS = 1 << 20
"""Pixels of more than 8 bits that are scaled at a time."""


class UnreadableError(Exception):
    """A file that is no whole image; its text is the reason."""


@contextmanager
def quiet() -> Iterator[None]:
    """Without Pillow's warnings on odd files; what matters of them is reported as unreadable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def readable_formats() -> tuple[str, ...]:
    """The names of the formats that are read, in the order in which they are tried on a file."""
    Image.init()
    # No other claims a file that begins as JPEG does, and most photos are; trying ten first takes
    # a fifth of the time of a small one.
    return tuple(sorted(set(Image.OPEN) - REFUSED, key=lambda name: (name != "JPEG", name)))


@cache
def library() -> str:
    """Versions of what decodes: another one may round otherwise."""
    jpeg = features.version("libjpeg_turbo") or features.version("jpg")
    return f"Pillow {__version__}, JPEG {jpeg}"


@cache
def readable_extensions() -> frozenset[str]:
    """The extensions of these formats, lower-case, with the dot."""
    formats = readable_formats()
    return frozenset(
        extension for extension, name in Image.registered_extensions().items() if name in formats
    )


def image_size(path: str) -> tuple[int, int]:
    """(height, width) of an image as it is looked at, from its header. Raises UnreadableError."""
    try:
        with _open(path) as image:
            if image.format not in SHRUNK:
                _refuse_bomb(image)
            swapped = _orientation(image) >= SWAPS_SIDES
            return image.size if swapped else (image.height, image.width)
    except Exception as error:  # decoders raise anything when they meet garbage
        raise UnreadableError(_reason(error)) from error


def decode(
    path: str, size: tuple[int, int], color: Literal["grey", "rgb"], white: int | None = None
) -> NDArray[np.uint8] | int:
    """The first frame of an image file, upright, shape (height, width, 1 or 3).

    size: (height, width) to resize to, by bilinear interpolation over all pixels that are covered.
    Transparent images are laid over white. white: the value of an image of more than 8 bits a
    channel that becomes 255; where it is not given, such an image's brightest value is returned, as
    only all of them together tell. Raises UnreadableError.
    """
    try:
        with _open(path) as image:
            turn = TURNS.get(_orientation(image))
            # JPEG can be decoded at half, a quarter or an eighth of its size; twice what is wanted
            # leaves the rest of the shrinking to the interpolation.
            image.draft(None, (2 * max(size), 2 * max(size)))
            _refuse_bomb(image)
            if image.mode.startswith("I") and white is None:
                return _brightest(image)
            flat, mode = _flatten(image, white or WHITES[-1]), "RGB" if color == "rgb" else "L"
            if flat.mode != mode:  # else it would be copied
                flat = flat.convert(mode)
            if turn is not None:
                flat = flat.transpose(turn)
            flat = flat.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        return np.asarray(flat).reshape(*size, -1)
    except Exception as error:  # decoders raise anything when they meet garbage
        raise UnreadableError(_reason(error)) from error


def white_for(brightest: int) -> int:
    """The value of white of images whose brightest value this is: files don't say it."""
    return next(white for white in WHITES if brightest <= white)


def _open(path: str) -> Image.Image:
    """Open a file, if it is one: a named pipe would keep its reader waiting for ever."""
    if is_record(path):
        return Image.open(BytesIO(record(path)), formats=readable_formats())
    if split_path(path):
        return Image.open(BytesIO(packed(path)), formats=readable_formats())
    about = os.stat(path)  # noqa: PTH116 - a tenth of the time
    if stat.S_ISDIR(about.st_mode):
        raise UnreadableError("a folder")
    if not stat.S_ISREG(about.st_mode):
        raise UnreadableError("not a regular file")
    if not about.st_size:
        raise UnreadableError("the file is empty")
    return Image.open(path, formats=readable_formats())


def _refuse_bomb(image: Image.Image) -> None:
    """Refuse an image, before anything is decoded, of which too many pixels would be."""
    if image.width * image.height > MOST_PIXELS:
        raise UnreadableError(
            f"{image.width:,} x {image.height:,} pixels are too many; save it with fewer than "
            f"{MOST_PIXELS // 10**6} million"
        )


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 (upright) where there is none or it is damaged."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1  # Pillow would decode the whole image in search of it
    if image.format == "TIFF":
        return 1  # Pillow has swapped the sides and turns the pixels itself
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - damaged EXIF raises anything and the picture may still be fine
        return 1


def _flatten(image: Image.Image, white: int) -> Image.Image:
    """Without transparency, 8 bits a channel."""
    if image.mode.startswith("I"):
        flat = np.empty((image.height, image.width), np.uint8)
        for rows, levels in _blocks(image):
            scaled = (levels.astype(np.uint32) * 255 + white // 2) // white
            flat[rows] = np.minimum(scaled, 255)
        return Image.fromarray(flat)
    if image.mode == "F":
        raise UnreadableError("its pixels are floating-point numbers of unknown range")
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return image


def _brightest(image: Image.Image) -> int:
    """The highest value of an image of whole numbers. Raises UnreadableError beyond 16 bits."""
    ranges = [(int(levels.min()), int(levels.max())) for _, levels in _blocks(image)]
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if low < 0 or high > WHITES[-1]:
        raise UnreadableError(
            f"its values run from {low:,} to {high:,}; expected are 0 to {WHITES[-1]:,}"
        )
    return high


def _blocks(image: Image.Image) -> Iterator[tuple[slice, NDArray[np.int_]]]:
    """The values of some rows at a time: whole copies of many large images would fill memory."""
    step = max(1, ROWS_PIXELS // image.width)
    for start in range(0, image.height, step):
        stop = min(start + step, image.height)
        yield slice(start, stop), np.asarray(image.crop((0, start, image.width, stop)))


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image that Pillow knows"
    if isinstance(error, Image.DecompressionBombError):
        return "it claims more pixels than are safe to decode"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
