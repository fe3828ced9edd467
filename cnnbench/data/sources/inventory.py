"""What is known of a source's images beside their classes: values, and files that were left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

NEARLY_BLACK = 63
"""A brightest value of all images up to which they are hardly meant so, of 255."""


@dataclass(frozen=True, slots=True)
class Deep:
    """Images of more than 8 bits a channel. brightest: their highest value; white: became 255."""

    images: int
    brightest: int
    white: int

    @property
    def bits(self) -> int:
        """Of the white level."""
        return self.white.bit_length()


@dataclass(frozen=True, slots=True)
class Inventory:
    """brightest: of all decoded values. levels: how many different ones there are, at most 256.

    deep: None where all files have 8 bits a channel or fewer. passed_over: files in class folders
    that are of no known image format, by extension.
    """

    brightest: int = 255
    levels: int = 256
    deep: Deep | None = None
    passed_over: Mapping[str, int] = field(default_factory=dict)

    def notes(self) -> tuple[str, ...]:
        """What looks wrong with the values."""
        if self.levels == 1:
            return (f"All pixels of all images have the same value, {self.brightest} of 255.",)
        found = []
        if self.brightest <= NEARLY_BLACK:
            found.append(
                f"The images are nearly black: their brightest value is {self.brightest} of 255. "
                "If that is meant to be white, stretch the values to 0..255 first."
            )
        if self.levels == 2:  # noqa: PLR2004 - black and white
            found.append(
                f"All pixels have one of two values, the brighter one {self.brightest} of 255."
            )
        return tuple(found)


class PixelLevels:
    """The values that are met in images, seen a chunk at a time; those of signals have none."""

    def __init__(self) -> None:
        self._met = np.zeros(256, bool)

    def see(self, pixels: bytes) -> None:
        """Look at every value of a chunk, unless all that there can be are known."""
        if not self._met.all():
            self._met[np.frombuffer(pixels, np.uint8)] = True

    def inventory(self, deep: Deep | None, passed_over: Mapping[str, int]) -> Inventory:
        """With what was met so far."""
        values = np.flatnonzero(self._met)
        return Inventory(int(values.max(initial=0)), len(values), deep, dict(passed_over))
