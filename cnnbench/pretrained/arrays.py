"""One array of a network, and where it lies in a file in which order of axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnbench.network.layers import Shape
from cnnbench.pretrained.formats.stored import Layout, StoredArray

KERNEL, SLIDING = 2, 4
"""Axes of a dense layer's kernel, and of one that slides over a map."""


@dataclass(frozen=True, slots=True)
class Match:
    """An array by its canonical name and shape, and the one of the file.

    depthwise: it is a kernel of a convolution of each channel alone. flattened: the map whose
    values, flattened, a dense layer takes.
    """

    name: str
    shape: Shape
    stored: StoredArray
    layout: Layout = "keras"
    depthwise: bool = False
    flattened: Shape = ()

    def read(self) -> NDArray[np.float32]:
        """The array in the canonical layout. Raises ValueError where numbers are not finite."""
        array = np.ascontiguousarray(self._canonical(self.stored.read()), np.float32)
        if not np.isfinite(array).all():
            raise ValueError(f"{self.stored.name} holds numbers that are not finite")
        return array

    def fits(self) -> bool:
        """Whether the shape is right once the axes are in order; nothing is read."""
        nothing = np.broadcast_to(np.int8(0), self.stored.shape)
        try:
            return self._canonical(nothing).shape == self.shape
        except ValueError:
            return False

    def with_channels(self, channels: int) -> Match:
        """The same for a convolution of so many channels."""
        if len(self.shape) != SLIDING:
            return self
        return replace(self, shape=(*self.shape[:2], channels, self.shape[3]))

    def _canonical(self, array: NDArray[Any]) -> NDArray[Any]:
        if self.layout == "torch" and array.ndim == SLIDING:
            # Out, in, height, width; a depthwise kernel's one channel in comes second.
            array = array.transpose(2, 3, 0, 1) if self.depthwise else array.transpose(2, 3, 1, 0)
        elif self.layout == "torch" and array.ndim == KERNEL:
            if self.flattened:
                height, width, channels = self.flattened
                # PyTorch flattens channel by channel, everybody else pixel by pixel.
                array = array.reshape(len(array), channels, height, width).transpose(2, 3, 1, 0)
                array = array.reshape(-1, array.shape[-1])
            else:
                array = array.T
        if len(self.shape) == KERNEL and array.ndim == SLIDING and array.shape[:2] == (1, 1):
            array = array.reshape(array.shape[2:])
        return array
