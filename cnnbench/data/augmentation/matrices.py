"""The geometric transforms as affine maps from output to input pixels.

Pixel centres have whole coordinates (x, y), x to the right and y down, as in Keras's
`affine_transform` and OpenCV's `warpAffine` with WARP_INVERSE_MAP. Each function gives matrices of
shape (n, 3, 3), float64, by the formula of the Keras layer it is named after.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.augmentation.parameters import Parameters, Values
from cnnbench.data.spec import AugmentationSpec

Matrices = NDArray[np.float64]


def _maps(
    count: int,
    *,
    xx: Values | float = 1.0,
    xy: Values | float = 0.0,
    x0: Values | float = 0.0,
    yx: Values | float = 0.0,
    yy: Values | float = 1.0,
    y0: Values | float = 0.0,
) -> Matrices:
    """Input (xx * x + xy * y + x0, yx * x + yy * y + y0) for output (x, y)."""
    matrices = np.zeros((count, 3, 3))
    for index, value in enumerate((xx, xy, x0, yx, yy, y0)):
        matrices[:, index // 3, index % 3] = value
    matrices[:, 2, 2] = 1
    return matrices


def flip(flipped: Values, mode: str, height: int, width: int) -> Matrices:
    """RandomFlip: about the centre of the axes that `mode` names; one draw decides for both."""
    across = flipped if "horizontal" in mode else 0 * flipped
    down = flipped if "vertical" in mode else 0 * flipped
    return _maps(
        len(flipped),
        xx=1 - 2 * across,
        x0=across * (width - 1),
        yy=1 - 2 * down,
        y0=down * (height - 1),
    )


def rotation(turns: Values, height: int, width: int) -> Matrices:
    """RandomRotation: about the centre, counter-clockwise as seen."""
    angle = 2 * np.pi * turns
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = (width - 1) / 2, (height - 1) / 2
    return _maps(
        len(turns),
        xx=cos,
        xy=-sin,
        x0=x - x * cos + y * sin,
        yx=sin,
        yy=cos,
        y0=y - x * sin - y * cos,
    )


def zoom(size: Values, height: int, width: int) -> Matrices:
    """RandomZoom with the aspect ratio kept: about the centre."""
    x, y = (width - 1) / 2, (height - 1) / 2
    return _maps(len(size), xx=size, x0=x * (1 - size), yy=size, y0=y * (1 - size))


def translation(across: Values, down: Values, height: int, width: int) -> Matrices:
    """RandomTranslation, which counts in fractions of the image's size."""
    return _maps(len(across), x0=-across * width, y0=-down * height)


def shear(x: Values, y: Values) -> Matrices:
    """RandomShear: about the upper left pixel."""
    return _maps(len(x), xy=x, yx=y)


def crop(left: Values, top: Values) -> Matrices:
    """RandomCrop with the upper left corner at (left, top)."""
    return _maps(len(left), x0=left, y0=top)


def affine_maps(
    parameters: Parameters, spec: AugmentationSpec, height: int, width: int
) -> Matrices:
    """All of them in their order as one map, shape (n, 2, 3).

    A stack of layers maps a pixel of its output back through the last layer first, so the product
    starts with the first layer.
    """
    product = reduce(
        np.matmul,
        (
            flip(parameters.flip, spec.flip, height, width),
            rotation(parameters.rotation, height, width),
            zoom(parameters.zoom, height, width),
            translation(parameters.translation_width, parameters.translation_height, height, width),
            shear(parameters.shear_x, parameters.shear_y),
            crop(parameters.crop_left, parameters.crop_top),
        ),
    )
    return product[:, :2]
