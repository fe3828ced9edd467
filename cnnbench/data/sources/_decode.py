"""One image file to pixels, by Pillow."""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

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
WHITES = (255, 4095, 65535)
"""Of 8, 12 and 16 bits."""


class UnreadableError(Exception):
    """A file that is no whole image; its text is the reason."""


@cache
def readable_formats() -> tuple[str, ...]:
    """The names of the formats that are read."""
    Image.init()
    return tuple(sorted(set(Image.OPEN) - REFUSED))


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
            swapped = _orientation(image) >= SWAPS_SIDES
            return image.size if swapped else (image.height, image.width)
    except Exception as error:  # decoders raise anything when they meet garbage
        raise UnreadableError(_reason(error)) from error


def decode(path: str, size: tuple[int, int], color: Literal["grey", "rgb"]) -> NDArray[np.uint8]:
    """The first frame of an image file, upright, shape (height, width, 1 or 3).

    size: (height, width) to resize to, by bilinear interpolation over all pixels that are covered.
    Transparent images are laid over white. Values of 16 bits are divided by 257, in a TIFF whose
    brightest fits into 12 or 8 bits by less. Raises UnreadableError.
    """
    try:
        with _open(path) as image:
            turn = TURNS.get(_orientation(image))
            # JPEG can be decoded at half, a quarter or an eighth of its size; twice what is wanted
            # leaves the rest of the shrinking to the interpolation.
            image.draft(None, (2 * max(size), 2 * max(size)))
            flat = _flatten(image).convert("RGB" if color == "rgb" else "L")
        if turn is not None:
            flat = flat.transpose(turn)
        flat = flat.resize((size[1], size[0]), Image.Resampling.BILINEAR)
        return np.asarray(flat).reshape(*size, -1)
    except Exception as error:  # decoders raise anything when they meet garbage
        raise UnreadableError(_reason(error)) from error


def _open(path: str) -> Image.Image:
    """Open a file and refuse it, before anything is decoded, if it claims too many pixels."""
    image = Image.open(path, formats=readable_formats())
    if image.width * image.height > MOST_PIXELS:
        image.close()
        raise UnreadableError(f"{image.width:,} x {image.height:,} pixels are too many")
    return image


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


def _flatten(image: Image.Image) -> Image.Image:
    """Without transparency, 8 bits a channel."""
    if image.mode.startswith("I"):
        levels = np.maximum(np.asarray(image, np.int64), 0)
        white = _white(int(levels.max())) if image.format == "TIFF" else WHITES[-1]
        levels = np.minimum(levels, white)
        return Image.fromarray(((levels * 255 + white // 2) // white).astype(np.uint8))
    if image.mode == "F":
        raise UnreadableError("its pixels are floating-point numbers of unknown range")
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return image


def _white(brightest: int) -> int:
    """The value of white in a TIFF, which does not say of how many bits its numbers make use."""
    return next((white for white in WHITES if brightest <= white), WHITES[-1])


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image that Pillow knows"
    if isinstance(error, Image.DecompressionBombError):
        return "it claims more pixels than are safe to decode"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
