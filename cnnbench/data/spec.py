"""The `[data]` and `[augmentation]` sections of a recipe."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from cnnbench.data.splits.classes import composed

Amount = Annotated[int, Field(ge=1)] | Annotated[float, Field(gt=0, lt=1)]
"""A number of images, or a fraction of them."""
LONGEST_SIDE = 4096
"""Of an image, in pixels."""
Side = Annotated[int, Field(ge=1, le=LONGEST_SIDE)]


class Section(BaseModel):
    """Common to the sections: frozen, no unknown keys, no conversion between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class DataSpec(Section):
    """Which images, how many, how split and how scaled."""

    source: str = Field(description="NAME or NAME:ARGUMENT, e.g. mnist5k, folder:photos")
    train: Amount | None = Field(None, description="training images; all that remain if not given")
    validation: Amount | None = Field(
        None,
        description="validation images; the source's own validation split, else 0.2, if not given",
    )
    test: Amount | None = Field(
        None, description="test images; the source's own test split, else 0.2, if not given"
    )
    classes: tuple[str, ...] | None = Field(None, description="only these classes, in this order")
    groups: str | None = Field(
        None,
        description="which images belong together, so that no two splits share a group: a pattern "
        'such as "{group}_{number}.*" over the names of files, a table such as "groups.csv" of '
        'paths and groups, or a column of a csv, parquet, hf or tfds source; "" for none',
    )
    image_size: tuple[Side, Side] | None = Field(None, description="[height, width] in pixels")
    color: Literal["auto", "grey", "rgb"] = Field(
        "auto", description="grey: one channel, rgb: three, auto: what the source has"
    )
    normalization: Literal["scale", "center", "standardize", "none"] = Field(
        "scale",
        description="scale: 0..1; center, standardize: then minus the training images' mean, "
        "divided by their standard deviation, per channel; none: 0..255",
    )
    unreadable: Literal["skip", "error"] = Field(
        "skip", description="an image that can't be decoded is skipped and counted, or an error"
    )

    @field_validator("classes")
    @classmethod
    def _composed(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """However a class is typed, it is found under the name that sources give it."""
        return None if names is None else tuple(map(composed, names))


Factor = float | tuple[float, float]
"""Keras's convention: a number f stands for the range (-f, f), a pair for itself."""
Share = Annotated[float, Field(ge=-1, le=1)]
Growth = Annotated[float, Field(gt=-1, le=1)]
Amplitude = Annotated[float, Field(ge=0, le=1)]
"""The values that Keras's layers accept."""
Concentration = Annotated[float, Field(ge=0, le=1000)]
"""Both parameters of a symmetric beta distribution; 0 for none."""


class AugmentationSpec(Section):
    """Random transforms of training images, with the names and meaning of Keras's layers."""

    flip: Literal["none", "horizontal", "vertical", "horizontal_and_vertical"] = Field(
        "none", description="mirrors half of the images: left to right, upside down, or both"
    )
    rotation: Share | tuple[Share, Share] = Field(
        0.0, description="fraction of a full turn, counter-clockwise"
    )
    zoom: Growth | tuple[Growth, Growth] = Field(
        0.0, description="fraction of the size; negative zooms in"
    )
    translation_width: Share | tuple[Share, Share] = Field(
        0.0, description="fraction of the width, to the right"
    )
    translation_height: Share | tuple[Share, Share] = Field(
        0.0, description="fraction of the height, downwards"
    )
    shear: Amplitude | tuple[Amplitude, Amplitude] = Field(
        0.0, description="x_factor and y_factor of RandomShear, in a random direction"
    )
    crop: tuple[Side, Side] | None = Field(None, description="[height, width] of a random crop")
    contrast: Amplitude | tuple[Amplitude, Amplitude] = Field(
        0.0,
        description="f: distances to the mean times 1 - f to 1 + f; [a, b]: 1 - a to 1 + b",
    )
    brightness: Share | tuple[Share, Share] = Field(
        0.0, description="fraction of the value range, added"
    )
    random_erasing: Amplitude = Field(
        0.0,
        description="part of the images of which a rectangle, of 0.02 to 0.33 of the area, becomes "
        "noise",
    )
    mixup: Concentration = Field(
        0.0,
        description="alpha: each image and its label blended with another's, in shares drawn from "
        "Beta(alpha, alpha)",
    )
    cutmix: Concentration = Field(
        0.0,
        description="alpha: a rectangle of each image from another, its label by its part of the "
        "area; sizes drawn from Beta(alpha, alpha)",
    )
    fill_mode: Literal["reflect", "nearest", "wrap", "constant"] = Field(
        "reflect", description="what fills the places that a moved image leaves empty"
    )
    fill_value: Amplitude = Field(0.0, description="for fill_mode constant, in 0..1")
    copies: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="how many changed copies of each image take turns, one an epoch; other ones in "
        "every epoch if not given",
    )

    @property
    def active(self) -> bool:
        """Whether any training image is changed."""
        how = {"fill_mode", "fill_value", "copies"}
        return bool(self.model_dump(exclude_defaults=True, exclude=how))

    def copy_of(self, epoch: int) -> int:
        """Which copy of each image an epoch shows, both counted from 0."""
        return epoch if self.copies is None else epoch % self.copies

    @property
    def mixes(self) -> bool:
        """Whether images are put together of two, and so of two classes."""
        return self.mixup > 0 or self.cutmix > 0
