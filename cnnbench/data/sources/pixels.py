"""Bringing decoded arrays to the size and colour that a request asks for.

For sources whose images are arrays; plugins may use these too. Photos in files are converted while
they are decoded, see `cnnbench.data.sources.folder`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.sources.source import Request

GREY, RGB, RGBA = 1, 3, 4
"""Channels of an image."""


def conform_shape(shape: tuple[int, int, int], request: Request) -> tuple[int, int, int]:
    """The shape (height, width, channels) that `conform` gives images of this shape."""
    height, width = request.image_size or shape[:2]
    own = GREY if shape[2] == GREY else RGB
    channels = {"auto": own, "grey": GREY, "rgb": RGB}[request.color]
    return height, width, channels


def conform(images: NDArray[np.uint8], request: Request) -> NDArray[np.uint8]:
    """Images in the size and colour asked for; the same array where nothing needs changing.

    images: shape (n, height, width, channels), 1 channel grey, 3 RGB, 4 RGB and opacity: these are
    laid over white. Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601). Shrinking averages the
    pixels it covers, enlarging interpolates linearly.
    """
    height, width, channels = conform_shape(images.shape[1:], request)
    if images.shape[1:] == (height, width, channels):
        return images
    result = np.empty((len(images), height, width, channels), np.uint8)
    for index, image in enumerate(images):
        result[index] = _resize(_recolor(image, channels), height, width)
    return result


def over_white(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An RGB image from RGB and opacity, shape (height, width, 4), laid over white."""
    opacity = image[..., 3:].astype(np.uint32)
    mixed = image[..., :3] * opacity + 255 * (255 - opacity)
    return ((mixed + 127) // 255).astype(np.uint8)


def _recolor(image: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    import cv2

    if image.shape[2] == RGBA:
        image = over_white(image)
    if image.shape[2] == channels:
        return image
    code = cv2.COLOR_GRAY2RGB if channels == RGB else cv2.COLOR_RGB2GRAY
    return np.asarray(cv2.cvtColor(image, code)).reshape(*image.shape[:2], channels)


def _resize(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    import cv2

    if image.shape[:2] == (height, width):
        return image
    shrinks = height * width < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(image, (width, height), interpolation=method)
    return np.asarray(resized).reshape(height, width, image.shape[2])
