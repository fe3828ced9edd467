"""From an image file or an array to the numbers that a trained network takes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cnnbench.data.augmentation import central_window, cropped_shape
from cnnbench.data.passes.normalization import Normalization
from cnnbench.data.passes.prepared import PreparedImages
from cnnbench.data.passes.scaling import InputScaling
from cnnbench.data.sources.source import Request
from cnnbench.data.spec import LONGEST_SIDE, AugmentationSpec, Side
from cnnbench.training.images import Pixels, TrialImages, with_channels

LONGEST = 2**24
"""Of a signal, in values."""
Numbers = Annotated[tuple[Annotated[float, Field(allow_inf_nan=False)], ...], Field(min_length=1)]


class Affine(BaseModel):
    """factor * x + offset for x in 0..255: one number for all channels, or one for each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    factor: Numbers
    offset: Numbers

    def normalization(self) -> Normalization:
        """The same as training computed it."""
        factor, offset = (_by_channel(numbers) for numbers in (self.factor, self.offset))
        return Normalization("scale", factor, offset)


class Standard(BaseModel):
    """(x - mean) / deviation for x in 0..255, by channel in the order that the network takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: Numbers
    deviation: Numbers
    order: Literal["rgb", "bgr"] = "rgb"

    def normalization(self) -> InputScaling:
        """The same as training computed it. Raises ValueError for numbers that can't scale."""
        return InputScaling(self.mean, self.deviation, self.order)


class Preprocessing(BaseModel):
    """What happens to an image before the network sees it.

    height, width: what it is resized to, without regard to its proportions. color: "grey" is one
    channel, "rgb" three. crop: (height, width); the largest window in the middle of these
    proportions is cut out and resized to it. white: the value that became 255, of training images
    of more than 8 bits a channel. scaling: of the values 0..255. channels: of a signal, whose
    length is the height, and whose values are scaled as they are; None of an image.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    height: Annotated[int, Field(ge=1, le=LONGEST)]
    width: Side
    color: Literal["grey", "rgb"]
    channels: Annotated[int, Field(ge=1)] | None = None
    crop: tuple[Side, Side] | None = None
    white: Annotated[int, Field(ge=1)] | None = None
    scaling: Affine | Standard

    @model_validator(mode="after")
    def _of_a_size(self) -> Self:
        if not self.of_signals and self.height > LONGEST_SIDE:
            raise ValueError(f"an image has up to {LONGEST_SIDE:,} rows")
        return self

    @property
    def of_signals(self) -> bool:
        """Whether it is of signals, float32, and not of images."""
        return self.channels is not None

    @property
    def noun(self) -> str:
        """What it is of: image, or signal."""
        return "signal" if self.of_signals else "image"

    @property
    def request(self) -> Request:
        """Size and colour as a source is asked for them."""
        return Request(image_size=(self.height, self.width), color=self.color)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels) before the crop."""
        return self.height, self.width, self.channels or (1 if self.color == "grey" else 3)

    def prepared(self, images: Pixels, channels: int) -> PreparedImages:
        """Images of `shape`, cut and scaled; grey ones are repeated for a network of 3 channels."""
        return PreparedImages.of_rows(
            with_channels(images, channels),
            np.zeros(len(images), np.int32),
            np.arange(len(images)),
            self.scaling.normalization(),
            AugmentationSpec(crop=self.crop),
        )

    def cut(self, images: Pixels) -> Pixels:
        """The part of images of `shape` that the network sees, before they are scaled."""
        if self.of_signals:
            return images
        inside = central_window(images, self.crop)
        return inside.clip(0, 255).round().astype(np.uint8)

    def gives(self, shape: tuple[int, int, int]) -> bool:
        """Whether an image becomes one of (height, width, channels); grey ones may be repeated."""
        channels = shape[2]
        numbers = self.scaling.model_dump(exclude={"order"}).values()
        fits = all(len(each) in {1, channels} for each in numbers)
        return (
            fits
            and cropped_shape(self.shape, self.crop)[:2] == shape[:2]
            and (self.shape[2] in {1, channels})
        )


def preprocessing_of(images: TrialImages, white: int | None) -> Preprocessing:
    """What a trial did to its images. white: what became 255, of files of more than 8 bits."""
    height, width, channels = images.chosen.images.shape[1:]
    pixels = not images.chosen.signals
    return Preprocessing(
        height=height,
        width=width,
        color="rgb" if pixels and channels > 1 else "grey",
        channels=None if pixels else channels,
        crop=images.trial.configuration.augmentation.crop,
        white=white,
        scaling=scaling_of(images.normalization),
    )


def scaling_of(normalization: Normalization | InputScaling) -> Affine | Standard:
    """The numbers of a trial's scaling, to the last bit."""
    if isinstance(normalization, InputScaling):
        return Standard(
            mean=normalization.mean, deviation=normalization.deviation, order=normalization.order
        )
    return Affine(
        factor=tuple(normalization.factor.reshape(-1).tolist()),
        offset=tuple(normalization.offset.reshape(-1).tolist()),
    )


def _by_channel(numbers: tuple[float, ...]) -> NDArray[np.float32]:
    array = np.array(numbers, np.float32)
    return array.reshape(()) if array.size == 1 else array.reshape(1, 1, -1)
