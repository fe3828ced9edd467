"""What happens to each image: drawn for all training images of an epoch at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.augmentation.boxes import Boxes
from cnnbench.data.augmentation.erasing import erased_boxes
from cnnbench.data.augmentation.window import cropped_shape, is_random_crop
from cnnbench.data.spec import AugmentationSpec, Factor
from cnnbench.data.streams import random_bits, random_fractions

Values = NDArray[np.float64]
EVEN = 0.5
"""What a fraction is compared with to toss a coin."""


class DrawStream(IntEnum):
    """The stream of random numbers of each draw, so that none moves another; never renumbered."""

    FLIP = 0
    ROTATION = 1
    ZOOM = 2
    TRANSLATION_WIDTH = 3
    TRANSLATION_HEIGHT = 4
    SHEAR_X = 5
    SHEAR_Y = 6
    SHEAR_SIGN = 7
    CROP_LEFT = 8
    CROP_TOP = 9
    CONTRAST = 10
    BRIGHTNESS = 11
    ERASED = 12
    ERASED_SIZE = 13
    ERASED_DOWN = 14
    ERASED_ACROSS = 15
    ERASED_NOISE = 16
    PARTNER = 17
    SHARE = 18
    CUT_DOWN = 19
    CUT_ACROSS = 20
    BLENDS = 21


ERASING_TRIES = 10
"""Sizes that are drawn for a rectangle to be erased, of which the first counts that fits."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """One value an image in each array, shape (n,).

    flip: 1.0 flips the image along the axes that the recipe names, 0.0 leaves it.
    rotation: fraction of a full turn, counter-clockwise. zoom: size of the part of the picture that
    fills the image, as a fraction of the image; 1 leaves it, less zooms in.
    translation_width, translation_height: fraction of the width to the right, of the height down.
    shear_x, shear_y: pixels of shift per pixel of the other axis.
    crop_left, crop_top: whole pixels. contrast: factor of the distance to the mean, 1 leaves it.
    brightness: fraction of the range of values that is added.
    erased: rectangles, (n, 4), as of `cnnbench.data.augmentation.boxes`; of no pixel where nothing
    is erased. noise: uint64, the keys of what fills them.
    """

    flip: Values
    rotation: Values
    zoom: Values
    translation_width: Values
    translation_height: Values
    shear_x: Values
    shear_y: Values
    crop_left: Values
    crop_top: Values
    contrast: Values
    brightness: Values
    erased: Boxes
    noise: NDArray[np.uint64]

    @classmethod
    def joined(cls, parts: Sequence[Parameters]) -> Parameters:
        """Those of all parts, one after the other."""
        return cls(
            *(np.concatenate([getattr(x, field.name) for x in parts]) for field in fields(cls))
        )

    def take(self, positions: NDArray[np.int64]) -> Parameters:
        """The parameters of the images at these positions."""
        return Parameters(*(getattr(self, field.name)[positions] for field in fields(self)))


def interval(factor: Factor) -> tuple[float, float]:
    """What a factor stands for, sorted as in Keras: f for (-f, f), a pair for itself."""
    low, high = (-factor, factor) if isinstance(factor, float | int) else factor
    return min(low, high), max(low, high)


def contrast_interval(factor: Factor) -> tuple[float, float]:
    """RandomContrast's documented reading: f is [1 - f, 1 + f], (a, b) is [1 - a, 1 + b]."""
    low, high = (factor, factor) if isinstance(factor, float | int) else factor
    return 1 - low, 1 + high


def draw_parameters(
    spec: AugmentationSpec, seed: int, epoch: int, count: int, shape: tuple[int, int, int]
) -> Parameters:
    """The parameters of an epoch for `count` images of a (height, width, channels) shape.

    Image i gets the i-th value of each stream: its parameters depend on (seed, epoch, i) and on the
    factor of each transform, on nothing else.
    """

    def uniform(stream: DrawStream, low: float, high: float) -> Values:
        if low == high:
            return np.full(count, low)
        return low + (high - low) * random_fractions(seed, epoch, stream, count)

    def offset(stream: DrawStream, room: int) -> Values:
        return np.floor(uniform(stream, 0, room + 1)) if cropped else np.zeros(count)

    cropped = is_random_crop(shape, spec.crop)
    crop_height, crop_width = spec.crop if spec.crop and cropped else shape[:2]
    flip = np.zeros(count)
    if spec.flip != "none":
        flip[uniform(DrawStream.FLIP, 0, 1) <= EVEN] = 1
    erased, noise = np.zeros((count, 4), np.int64), np.zeros(count, np.uint64)
    if spec.random_erasing > 0:
        erased = _draw_erased(spec, seed, epoch, count, shape)
        noise = random_bits(seed, epoch, DrawStream.ERASED_NOISE, count)
    shear = interval(spec.shear)
    # RandomShear draws one sign for both axes.
    sign = np.where(uniform(DrawStream.SHEAR_SIGN, 0, 1) > EVEN, -1.0, 1.0)
    return Parameters(
        flip=flip,
        rotation=uniform(DrawStream.ROTATION, *interval(spec.rotation)),
        zoom=1 + uniform(DrawStream.ZOOM, *interval(spec.zoom)),
        translation_width=uniform(DrawStream.TRANSLATION_WIDTH, *interval(spec.translation_width)),
        translation_height=uniform(
            DrawStream.TRANSLATION_HEIGHT, *interval(spec.translation_height)
        ),
        shear_x=sign * uniform(DrawStream.SHEAR_X, *shear),
        shear_y=sign * uniform(DrawStream.SHEAR_Y, *shear),
        crop_left=offset(DrawStream.CROP_LEFT, shape[1] - crop_width),
        crop_top=offset(DrawStream.CROP_TOP, shape[0] - crop_height),
        contrast=uniform(DrawStream.CONTRAST, *contrast_interval(spec.contrast)),
        brightness=uniform(DrawStream.BRIGHTNESS, *interval(spec.brightness)),
        erased=erased,
        noise=noise,
    )


def _draw_erased(
    spec: AugmentationSpec, seed: int, epoch: int, count: int, shape: tuple[int, int, int]
) -> Boxes:
    """The rectangles of all images, emptied where chance spares one."""

    def fractions(stream: DrawStream, each: int = 1) -> Values:
        return random_fractions(seed, epoch, stream, count * each)

    height, width, _ = cropped_shape(shape, spec.crop)
    boxes = erased_boxes(
        fractions(DrawStream.ERASED_SIZE, ERASING_TRIES * 2).reshape(count, ERASING_TRIES, 2),
        fractions(DrawStream.ERASED_DOWN),
        fractions(DrawStream.ERASED_ACROSS),
        (height, width),
    )
    boxes[fractions(DrawStream.ERASED) >= spec.random_erasing] = 0
    return boxes
