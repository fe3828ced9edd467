"""Apply drawn parameters to images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnbench.data.augmentation.color import WHITE, adjust_brightness, adjust_contrast
from cnnbench.data.augmentation.erasing import erase
from cnnbench.data.augmentation.matrices import affine_maps
from cnnbench.data.augmentation.parameters import Parameters
from cnnbench.data.augmentation.window import central_window, cropped_shape, is_random_crop
from cnnbench.data.spec import AugmentationSpec

_BORDERS = {
    "constant": "BORDER_CONSTANT",
    "nearest": "BORDER_REPLICATE",
    "reflect": "BORDER_REFLECT",
    "wrap": "BORDER_WRAP",
}
"""OpenCV's names of Keras's fill modes."""


def augment(
    images: NDArray[np.uint8], parameters: Parameters, spec: AugmentationSpec
) -> NDArray[np.float32]:
    """Transform a batch: (n, height, width, channels) in 0..255 to float32 in 0..255.

    The result for an image depends on that image and its parameters alone, not on its batch.
    """
    moved = _move(images, parameters, spec)
    if spec.contrast != 0:
        adjust_contrast(moved, parameters.contrast)
    if spec.brightness != 0:
        adjust_brightness(moved, parameters.brightness)
    if spec.random_erasing > 0:
        erase(moved, parameters.erased, parameters.noise)
    return moved


def _move(
    images: NDArray[np.uint8], parameters: Parameters, spec: AugmentationSpec
) -> NDArray[np.float32]:
    """The geometric transforms, a new array."""
    _, height, width, channels = images.shape
    shape = (height, width, channels)
    cropped = is_random_crop(shape, spec.crop)
    if not cropped and not _moves(spec):
        return np.ascontiguousarray(central_window(images, spec.crop), dtype=np.float32)
    target = cropped_shape(shape, spec.crop if cropped else None)
    moved = _warp(
        images.astype(np.float32), affine_maps(parameters, spec, height, width), target, spec
    )
    if cropped:
        return moved
    return np.ascontiguousarray(central_window(moved, spec.crop), dtype=np.float32)


def _moves(spec: AugmentationSpec) -> bool:
    """Whether any transform before the crop moves pixels."""
    factors = (
        spec.rotation,
        spec.zoom,
        spec.translation_width,
        spec.translation_height,
        spec.shear,
    )
    return spec.flip != "none" or any(factor != 0 for factor in factors)


def _warp(
    images: NDArray[np.float32],
    maps: NDArray[np.float64],
    shape: tuple[int, int, int],
    spec: AugmentationSpec,
) -> NDArray[np.float32]:
    """Interpolate each image bilinearly at the places its map points to; `shape` of the result."""
    import cv2

    # OpenCV's own threads would compete with those of the backend; the setting is process-wide.
    cv2.setNumThreads(1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    border = getattr(cv2, _BORDERS[spec.fill_mode])
    fill = (spec.fill_value * WHITE,) * 4
    size = (shape[1], shape[0])
    warped = np.empty((len(images), *shape), dtype=np.float32)
    for image, matrix, target in zip(images, maps, warped, strict=True):
        cv2.warpAffine(image, matrix, size, target, flags, border, fill)
    return warped
