"""Arrays that were found, and what a record says of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cnnbench.data.passes.scaling import InputScaling

Padding = Literal["keras", "torch"]


@dataclass(frozen=True, slots=True)
class PublishedAccuracy:
    """What the publisher of arrays measured with them.

        PublishedAccuracy(0.704, "ImageNet-1k, validation images", "https://keras.io/applications")

    top_1: of the images, how many are right, 0 to 1. images: which. source: where it says so.
    """

    top_1: float
    images: str
    source: str

    def __str__(self) -> str:
        return f"{self.top_1:.1%} on {self.images} ({self.source})"


@dataclass(frozen=True, slots=True)
class FoundArrays:
    """Arrays of a base and their provenance; nothing of them has been read yet.

    origin: where they come from, a sentence for records. path: the file, None for random ones.
    digest: SHA-256 of the file, "" for random ones. scaling: what the network takes with them.
    pads: whose padding and epsilon of batch normalisation they were trained with, see
    `cnnbench.pretrained.convention`. canonical: whether cnnbench wrote the file, which then has the
    network's own names, among others. trained_in: seconds, where the study trained them itself.
    """

    base: str
    origin: str
    path: Path | None
    digest: str
    scaling: InputScaling
    trained_on: str = "not stated"
    licence: str = "not stated"
    accuracy: PublishedAccuracy | None = None
    pads: Padding = "keras"
    canonical: bool = False
    trained_in: float | None = None
