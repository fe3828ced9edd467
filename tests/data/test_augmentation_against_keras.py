"""Each transform against Keras's layer of the same name, which runs in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnbench.data.augmentation import Mixing, augment, central_window, draw_parameters
from cnnbench.data.spec import AugmentationSpec

FILLS = ("reflect", "nearest", "wrap", "constant")
SHAPES = ((12, 16, 1), (12, 16, 3), (13, 9, 1), (13, 9, 3))
FACTORS = {
    "rotation": (0.07, -0.25, 0.4),
    "zoom": (0.3, -0.4, 1.0),
    "translation_width": (0.21, -0.5, 1.0),
    "translation_height": (0.33, -0.125, -1.0),
    "shear": (0.2, 1.0),
}
FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")
CONTRASTS = (0.0, 0.4, 1.3, 2.0)
BRIGHTNESSES = (-0.6, 0.1, 1.0)
CROPS = ((5, 4), (12, 8), (13, 9), (7, 20), (30, 10))
OFFSET = (3, 1)
GREY = 0.3
SHARES = np.array([0.3, 0.85])
PARTNERS = np.array([1, 0])
BOXES = np.array([[1, 2, 5, 3], [0, 4, 13, 2]])

TOLERANCE = 0.002
"""Of 255. Both interpolate in float32 with weights of full precision, but round the coordinates
differently: by about 1e-6 of a pixel, which moves a value between black and white by 0.0005."""


def picture(height, width, channels):
    noise = np.random.default_rng(height * width).integers(0, 256, (2, height, width, channels))
    return noise.astype(np.uint8)


def ramp():
    """Each interpolation of a linear function is exact, so that ten in a row equal one."""
    y, x = np.mgrid[:28, :28]
    return (5 * x + 4 * y)[None, :, :, None].astype(np.uint8)


def tiled(value):
    return np.full((2, 1, 1, 1), value).tolist()


def step(layer, drawn=None, **arguments):
    return {"layer": layer, "arguments": arguments, "drawn": drawn}


def moving_step(name, factor, images=2, **filling):
    pair = [factor, factor]
    match name:
        case "rotation":
            return step("RandomRotation", factor=pair, **filling)
        case "zoom":
            return step("RandomZoom", height_factor=pair, **filling)
        case "translation_width":
            return step("RandomTranslation", height_factor=0.0, width_factor=pair, **filling)
        case "translation_height":
            return step("RandomTranslation", height_factor=pair, width_factor=0.0, **filling)
        case "shear":
            drawn = {"shear_factor": [pair] * images}
            return step("RandomShear", drawn, x_factor=pair, y_factor=pair, **filling)


MOVES = {
    f"{name} {factor}, {fill}, {shape}": (name, factor, fill, shape)
    for name, factors in FACTORS.items()
    for factor in factors
    for fill in FILLS
    for shape in SHAPES
}
STACKED = {
    "rotation": 0.06,
    "zoom": -0.2,
    "translation_height": -0.1,
    "translation_width": 0.05,
    "shear": 0.1,
}


def cases():
    """Name, images, steps."""
    for key, (name, factor, fill, shape) in MOVES.items():
        filling = {"fill_mode": fill, "fill_value": GREY * 255}
        yield key, picture(*shape), [moving_step(name, factor, **filling)]
    for shape in SHAPES:
        images = picture(*shape)
        for mode in FLIPS:
            flip = step("RandomFlip", {"flips": tiled(True)}, mode=mode)
            yield f"{mode}, {shape}", images, [flip]
        for factor in CONTRASTS:
            contrast = step("RandomContrast", {"contrast_factor": tiled(factor)}, factor=0.5)
            yield f"contrast {factor}, {shape}", images, [contrast]
        for factor in BRIGHTNESSES:
            yield (
                f"brightness {factor}, {shape}",
                images,
                [step("RandomBrightness", factor=[factor] * 2)],
            )
        yield f"offset, {shape}", images, [step("RandomCrop", OFFSET, height=5, width=4)]
        mixup = {"mix_weight": SHARES.tolist(), "permutation_order": PARTNERS.tolist()}
        yield f"mixup, {shape}", images, [step("MixUp", mixup)]
        masks = np.zeros((2, *shape[:2], 1), bool)
        for mask, (top, left, rows, columns) in zip(masks, BOXES.tolist(), strict=True):
            mask[top : top + rows, left : left + columns] = True
        cutmix = {"batch_masks": masks.tolist(), "permutation_order": PARTNERS.tolist()}
        yield f"cutmix, {shape}", images, [step("CutMix", cutmix)]
        for height, width in CROPS:
            resizing = step("Resizing", height=height, width=width, crop_to_aspect_ratio=True)
            yield f"window {height, width}, {shape}", images, [resizing]
    for fill in (0, 1000):
        filling = {"fill_mode": "constant", "fill_value": fill}
        stack = [step("RandomFlip", {"flips": [[[[True]]]]}, mode="horizontal")]
        stack += [moving_step(name, factor, 1, **filling) for name, factor in STACKED.items()]
        stack += [step("RandomCrop", OFFSET, height=20, width=22)]
        yield f"stack filled with {fill}", ramp(), stack


@pytest.fixture(scope="session")
def keras_pixels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras")
    arrays, names = {}, []
    for number, (name, images, steps) in enumerate(cases()):
        names.append(name)
        arrays[f"{number}:images"] = images.astype(np.float32)
        arrays[f"{number}:steps"] = np.array(json.dumps(steps))
    np.savez(folder / "cases.npz", **arrays)
    script = Path(__file__).with_name("keras_layers.py")
    subprocess.run(
        [sys.executable, script, folder / "cases.npz", folder / "results.npz"],
        check=True,
        # On JAX Keras gives the same; on TensorFlow it does not interpolate across a wrapped edge.
        env={**os.environ, "KERAS_BACKEND": "torch", "CUDA_VISIBLE_DEVICES": ""},
    )
    results = np.load(folder / "results.npz")
    return {name: results[str(number)] for number, name in enumerate(names)}


def augmented(images, spec, **fixed):
    count, *shape = images.shape
    drawn = draw_parameters(spec, seed=0, epoch=0, count=count, shape=tuple(shape))
    values = {name: np.full(count, float(value)) for name, value in fixed.items()}
    return augment(images, replace(drawn, **values), spec)


@pytest.mark.parametrize("key", MOVES)
def test_a_transform_that_interpolates_agrees_with_keras(keras_pixels, key):
    name, factor, fill, shape = MOVES[key]
    spec = AugmentationSpec(**{name: (factor, factor)}, fill_mode=fill, fill_value=GREY)
    drawn = {"shear_x": factor, "shear_y": factor} if name == "shear" else {}
    pixels = augmented(picture(*shape), spec, **drawn)
    np.testing.assert_allclose(pixels, keras_pixels[key], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mode", FLIPS)
def test_flip_agrees_with_keras_exactly(keras_pixels, mode, shape):
    pixels = augmented(picture(*shape), AugmentationSpec(flip=mode), flip=1)
    np.testing.assert_array_equal(pixels, keras_pixels[f"{mode}, {shape}"])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("factor", CONTRASTS)
def test_contrast_agrees_with_keras(keras_pixels, factor, shape):
    pixels = augmented(picture(*shape), AugmentationSpec(contrast=0.5), contrast=factor)
    expected = keras_pixels[f"contrast {factor}, {shape}"]
    np.testing.assert_allclose(pixels, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("factor", BRIGHTNESSES)
def test_brightness_agrees_with_keras(keras_pixels, factor, shape):
    pixels = augmented(picture(*shape), AugmentationSpec(brightness=(factor, factor)))
    expected = keras_pixels[f"brightness {factor}, {shape}"]
    np.testing.assert_allclose(pixels, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layer", ["mixup", "cutmix"])
def test_mixtures_agree_with_keras(keras_pixels, layer, shape):
    mixing = Mixing(PARTNERS, SHARES, np.full(2, layer == "mixup"), BOXES)
    own = picture(*shape).astype(np.float32)
    pixels = mixing.images(np.arange(2), own.copy(), own[PARTNERS])
    expected = keras_pixels[f"{layer}, {shape}"]
    np.testing.assert_allclose(pixels, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("shape", SHAPES)
def test_crop_at_an_offset_agrees_with_keras_exactly(keras_pixels, shape):
    top, left = OFFSET
    spec = AugmentationSpec(crop=(5, 4))
    pixels = augmented(picture(*shape), spec, crop_top=top, crop_left=left)
    np.testing.assert_array_equal(pixels, keras_pixels[f"offset, {shape}"])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("crop", CROPS)
def test_evaluated_images_are_cut_as_keras_resizes_to_an_aspect_ratio(keras_pixels, crop, shape):
    pixels = central_window(picture(*shape), crop)
    expected = keras_pixels[f"window {crop}, {shape}"]
    np.testing.assert_allclose(pixels, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("crop", [(13, 9), (7, 20), (30, 10)])
def test_a_crop_without_room_is_the_central_window_in_training_too(keras_pixels, crop, shape):
    pixels = augmented(picture(*shape), AugmentationSpec(crop=crop))
    expected = keras_pixels[f"window {crop}, {shape}"]
    np.testing.assert_allclose(pixels, expected, rtol=0, atol=TOLERANCE)


def test_one_warp_moves_pixels_as_a_stack_of_keras_layers_does(keras_pixels):
    top, left = OFFSET
    pairs = {name: (factor, factor) for name, factor in STACKED.items()}
    spec = AugmentationSpec(flip="horizontal", crop=(20, 22), fill_mode="constant", **pairs)
    shear = STACKED["shear"]
    drawn = {"shear_x": shear, "shear_y": shear, "crop_top": top, "crop_left": left}
    pixels = augmented(ramp(), spec, flip=1, **drawn)
    expected = keras_pixels["stack filled with 0"]
    inside = expected == keras_pixels["stack filled with 1000"]
    assert inside.sum() > 200
    np.testing.assert_allclose(pixels[inside], expected[inside], rtol=0, atol=5 * TOLERANCE)
