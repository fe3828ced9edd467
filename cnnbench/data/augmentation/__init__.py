"""Random transforms of training images, computed here so that every backend sees the same pixels.

The transforms are those of Keras's layers, stacked in this order: flip, rotation, zoom,
translation, shear, crop, contrast, brightness. The geometric ones become one affine map and one
interpolation. Then a rectangle may be erased, and last two images be mixed.
"""

from __future__ import annotations

from cnnbench.data.augmentation.apply import augment
from cnnbench.data.augmentation.mixing import Mixing, draw_mixing
from cnnbench.data.augmentation.parameters import Parameters, draw_parameters
from cnnbench.data.augmentation.window import central_window, cropped_shape

__all__ = [
    "Mixing",
    "Parameters",
    "augment",
    "central_window",
    "cropped_shape",
    "draw_mixing",
    "draw_parameters",
]
