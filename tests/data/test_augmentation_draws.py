from dataclasses import fields, replace

import numpy as np
import pytest

from cnnbench.data.augmentation import Parameters, augment, draw_parameters
from cnnbench.data.spec import AugmentationSpec

SHAPE = (12, 10, 3)
EVERYTHING = AugmentationSpec(
    flip="horizontal_and_vertical",
    rotation=0.1,
    zoom=0.2,
    translation_width=0.1,
    translation_height=(0.1, 0.3),
    shear=0.2,
    crop=(9, 8),
    contrast=0.3,
    brightness=0.2,
    random_erasing=0.9,
)


def draw(spec, count=20_000, seed=0, epoch=0):
    return draw_parameters(spec, seed=seed, epoch=epoch, count=count, shape=SHAPE)


def assert_even(values, low, high):
    """Uniform between the bounds, by the mean (five standard errors) and the extremes."""
    span = high - low
    assert low <= values.min() < low + 0.01 * span
    assert high - 0.01 * span < values.max() <= high
    assert abs(values.mean() - (low + high) / 2) < 5 * span / np.sqrt(12 * len(values))


@pytest.mark.parametrize(
    ("name", "factor", "low", "high"),
    [
        ("rotation", 0.1, -0.1, 0.1),
        ("rotation", -0.1, -0.1, 0.1),
        ("rotation", (0.1, -0.2), -0.2, 0.1),
        ("zoom", 0.3, 0.7, 1.3),
        ("zoom", (-0.5, 0.0), 0.5, 1.0),
        ("translation_width", 0.25, -0.25, 0.25),
        ("translation_height", (0.0, 1.0), 0.0, 1.0),
        ("contrast", 0.2, 0.8, 1.2),
        ("contrast", (0.5, 0.2), 0.5, 1.2),
        ("brightness", 0.4, -0.4, 0.4),
    ],
)
def test_a_factor_means_the_range_that_keras_documents(name, factor, low, high):
    assert_even(getattr(draw(AugmentationSpec(**{name: factor})), name), low, high)


def test_shear_takes_a_random_direction_that_both_axes_share():
    drawn = draw(AugmentationSpec(shear=(0.1, 0.3)))
    assert_even(np.abs(drawn.shear_x), 0.1, 0.3)
    assert_even(np.abs(drawn.shear_y), 0.1, 0.3)
    np.testing.assert_array_equal(np.sign(drawn.shear_x), np.sign(drawn.shear_y))
    assert abs((drawn.shear_x > 0).mean() - 0.5) < 0.02
    assert abs(np.corrcoef(np.abs(drawn.shear_x), np.abs(drawn.shear_y))[0, 1]) < 0.05


def test_half_of_the_images_are_flipped():
    flipped = draw(AugmentationSpec(flip="horizontal")).flip
    assert set(flipped) == {0.0, 1.0}
    assert abs(flipped.mean() - 0.5) < 0.02


def test_a_crop_falls_evenly_on_every_offset_with_room():
    drawn = draw(AugmentationSpec(crop=(9, 8)))
    for offsets, room in ((drawn.crop_top, 3), (drawn.crop_left, 2)):
        counts = np.bincount(offsets.astype(int))
        assert len(counts) == room + 1
        assert counts.min() > 0.9 * len(offsets) / (room + 1)


def test_an_image_has_the_same_parameters_however_many_images_there_are():
    few, many = draw(EVERYTHING, count=5), draw(EVERYTHING, count=500)
    for field in fields(Parameters):
        np.testing.assert_array_equal(getattr(few, field.name), getattr(many, field.name)[:5])


@pytest.mark.parametrize("name", sorted(EVERYTHING.model_fields_set))
def test_switching_one_transform_off_leaves_the_draws_of_the_others(name):
    off = AugmentationSpec(
        **{**dict(EVERYTHING), name: AugmentationSpec.model_fields[name].default}
    )
    all_on, one_off = draw(EVERYTHING, count=50), draw(off, count=50)
    changed = {
        field.name
        for field in fields(Parameters)
        if not np.array_equal(getattr(all_on, field.name), getattr(one_off, field.name))
    }
    own = {"shear": {"shear_x", "shear_y"}, "crop": {"crop_left", "crop_top"}}
    own["random_erasing"] = {"erased", "noise"}
    if name == "crop":  # erased in the size of what is left
        changed.discard("erased")
    assert changed == own.get(name, {name})


def test_epochs_and_seeds_draw_anew():
    first = draw(EVERYTHING, count=50)
    for other in (draw(EVERYTHING, count=50, epoch=1), draw(EVERYTHING, count=50, seed=1)):
        for field in fields(Parameters):
            assert not np.array_equal(getattr(first, field.name), getattr(other, field.name))


def test_an_image_does_not_depend_on_its_batch():
    images = np.random.default_rng(0).integers(0, 256, (6, *SHAPE)).astype(np.uint8)
    drawn = draw(EVERYTHING, count=6)
    together = augment(images, drawn, EVERYTHING)
    for row in range(6):
        alone = augment(images[row : row + 1], drawn.take(np.array([row])), EVERYTHING)
        np.testing.assert_array_equal(alone[0], together[row])


def test_factors_of_zero_leave_pixels_as_they_are():
    images = np.random.default_rng(0).integers(0, 256, (3, *SHAPE)).astype(np.uint8)
    spec = AugmentationSpec(rotation=(0, 0), zoom=(0, 0), contrast=(0, 0), brightness=(0, 0))
    pixels = augment(images, draw(spec, count=3), spec)
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels, images, atol=1e-4)


def test_contrast_is_clipped_before_brightness_is_added():
    images = np.array([0, 200], dtype=np.uint8).reshape(1, 1, 2, 1)
    spec = AugmentationSpec(contrast=1.0, brightness=(-0.2, -0.2))
    drawn = draw_parameters(spec, seed=0, epoch=0, count=1, shape=(1, 2, 1))
    pixels = augment(images, replace(drawn, contrast=np.array([2.0])), spec)
    np.testing.assert_allclose(pixels.ravel(), [0, 255 - 51], atol=1e-3)


@pytest.mark.parametrize("turn", [0.0, (0.5, 0.5)])
def test_contrast_reaches_a_crop_without_room(turn):
    image = np.array([[90, 100, 110, 90]], dtype=np.uint8).reshape(1, 1, 4, 1)
    spec = AugmentationSpec(crop=(1, 2), rotation=turn, contrast=1.0)
    drawn = draw_parameters(spec, seed=0, epoch=0, count=1, shape=(1, 4, 1))
    pixels = augment(image, replace(drawn, contrast=np.array([3.0])), spec)
    np.testing.assert_allclose(sorted(pixels.ravel()), [90, 120], atol=1e-3)


def test_a_quarter_turn_is_counter_clockwise():
    arrow = np.zeros((1, 3, 3, 1), dtype=np.uint8)
    arrow[0, 0, 1] = 200
    spec = AugmentationSpec(rotation=(0.25, 0.25))
    turned = augment(arrow, draw(spec, count=1), spec)[0, :, :, 0]
    np.testing.assert_allclose(turned, [[0, 0, 0], [200, 0, 0], [0, 0, 0]], atol=1e-3)
