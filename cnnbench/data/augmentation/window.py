"""Crop: where it may lie, and what stands in for it where nothing is random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int, int]
"""(height, width, channels)."""
Images = NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.float16]
"""Pixels in 0..255, or signals, or features, (n, height, width, channels)."""
Size = tuple[int, int]
"""(height, width)."""


def cropped_shape(shape: Shape, crop: Size | None) -> Shape:
    """The shape of images of this shape after the recipe's crop, if there is one."""
    return shape if crop is None else (*crop, shape[2])


def is_random_crop(shape: Shape, crop: Size | None) -> bool:
    """Whether the crop has room to move: RandomCrop asks for room on both axes."""
    return crop is not None and shape[0] > crop[0] and shape[1] > crop[1]


def window(height: int, width: int, crop: Size) -> tuple[int, int, int, int]:
    """(top, left, height, width) of the largest centred window with the crop's aspect ratio.

    Rounded as Keras's resize with crop_to_aspect_ratio does.
    """
    window_height = max(min(height, int(width * crop[0] / crop[1])), 1)
    window_width = max(min(width, int(height * crop[1] / crop[0])), 1)
    return (height - window_height) // 2, (width - window_width) // 2, window_height, window_width


def central_window(images: Images, crop: Size | None) -> Images:
    """The window at the centre of each image, (n, height, width, channels), in the crop's size.

    Resized bilinearly between pixel centres, without smoothing, as Keras's Resizing layer does, to
    float32. Images are handed back untouched where there is no crop, and keep their type where the
    window has the crop's size already.
    """
    if crop is None:
        return images
    top, left, height, width = window(images.shape[1], images.shape[2], crop)
    inside = images[:, top : top + height, left : left + width]
    if (height, width) == crop:
        return inside
    import cv2

    resized = np.empty((len(images), *crop, images.shape[3]), dtype=np.float32)
    for image, target in zip(inside.astype(np.float32), resized, strict=True):
        cv2.resize(image, dsize=crop[::-1], dst=target, interpolation=cv2.INTER_LINEAR)
    return resized
