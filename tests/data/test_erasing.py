"""Random erasing against the code of its authors, and what it does to images."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cnnbench.data.augmentation import augment, draw_parameters
from cnnbench.data.augmentation.erasing import erase, erased_boxes
from cnnbench.data.spec import AugmentationSpec

ALWAYS = AugmentationSpec(random_erasing=1.0)


def authors_box(sizes, down, across, size):
    """`RandomErasing.__call__` of github.com/zhunzhong07/Random-Erasing, with the draws given."""
    height, width = size
    for area, ratio in sizes:
        target_area = (0.02 + (0.33 - 0.02) * area) * height * width
        aspect_ratio = 0.3 + (3.3 - 0.3) * ratio
        h = round(math.sqrt(target_area * aspect_ratio))
        w = round(math.sqrt(target_area / aspect_ratio))
        if w < width and h < height:
            return [int(down * (height - h + 1)), int(across * (width - w + 1)), h, w]
    return None


@pytest.mark.parametrize("size", [(32, 32), (7, 30), (3, 3)])
def test_rectangles_are_those_of_the_authors_code(size):
    rng = np.random.default_rng(0)
    sizes, down, across = rng.random((300, 4, 2)), rng.random(300), rng.random(300)
    boxes = erased_boxes(sizes, down, across, size)
    for box, *draws in zip(boxes.tolist(), sizes, down, across, strict=True):
        expected = authors_box(*draws, size)
        assert box == expected if expected else box[2:] == [0, 0]


def test_areas_and_ratios_are_even_over_what_the_recipe_promises():
    boxes = draw_parameters(ALWAYS, seed=0, epoch=0, count=20_000, shape=(400, 400, 1)).erased
    heights, widths = boxes[:, 2], boxes[:, 3]
    areas, ratios = heights * widths / 160_000, heights / widths
    assert 0.0195 < areas.min() < 0.022
    assert 0.325 < areas.max() < 0.332
    assert 0.29 < ratios.min() < 0.31
    assert 3.2 < ratios.max() < 3.4
    # The mean of an even draw is that of its ends; the largest of the tallest do not fit.
    assert abs(areas.mean() - 0.175) < 0.002
    assert abs(ratios.mean() - 1.8) < 0.03


def test_the_part_of_the_images_that_the_recipe_names_is_erased():
    some = AugmentationSpec(random_erasing=0.3)
    boxes = draw_parameters(some, seed=0, epoch=0, count=20_000, shape=(32, 32, 1)).erased
    assert abs((boxes[:, 2] > 0).mean() - 0.3) < 0.015


def test_an_image_that_is_too_flat_is_left_alone():
    images = np.full((4, 1, 50, 3), 7, np.uint8)
    drawn = draw_parameters(ALWAYS, seed=0, epoch=0, count=4, shape=(1, 50, 3))
    np.testing.assert_array_equal(augment(images, drawn, ALWAYS), images)


def test_a_rectangle_becomes_noise_and_the_rest_stays():
    images = np.zeros((2, 6, 5, 3), np.float32)
    boxes = np.array([[1, 2, 3, 2], [0, 0, 0, 0]])
    erase(images, boxes, np.array([5, 6], np.uint64))
    bits = np.random.Philox(key=5).random_raw(3).tolist()
    noise = b"".join(number.to_bytes(8, "little") for number in bits)[: 3 * 2 * 3]
    assert images[0, 1:4, 2:4].ravel().tolist() == list(noise)
    images[0, 1:4, 2:4] = 0
    assert not images.any()


def test_noise_is_even_over_all_values_of_a_pixel_and_another_in_each_image_and_epoch():
    images = np.zeros((50, 64, 64, 3), np.uint8)
    epochs = []
    for epoch in (0, 1):
        drawn = draw_parameters(ALWAYS, seed=0, epoch=epoch, count=50, shape=(64, 64, 3))
        drawn = replace(drawn, erased=np.tile([0, 0, 32, 32], (50, 1)))
        epochs.append(augment(images, drawn, ALWAYS)[:, :32, :32])
    noise = np.stack(epochs)
    counts = np.bincount(noise.astype(int).ravel(), minlength=256)
    assert counts.min() > 0.85 * counts.mean()
    assert counts.max() < 1.15 * counts.mean()
    assert len({each.tobytes() for each in noise.reshape(100, -1)}) == 100


def test_a_crop_is_erased_in_its_own_size():
    spec = AugmentationSpec(random_erasing=1.0, crop=(8, 40))
    boxes = draw_parameters(spec, seed=0, epoch=0, count=2000, shape=(64, 64, 1)).erased
    assert (boxes[:, 0] + boxes[:, 2]).max() == 8
    assert (boxes[:, 1] + boxes[:, 3]).max() == 40


def test_what_is_erased_covers_brightness_and_not_the_other_way_round():
    spec = AugmentationSpec(random_erasing=1.0, brightness=(1.0, 1.0))
    drawn = draw_parameters(spec, seed=0, epoch=0, count=3, shape=(32, 32, 1))
    pixels = augment(np.zeros((3, 32, 32, 1), np.uint8), drawn, spec)
    for image, (top, left, height, width) in zip(pixels, drawn.erased.tolist(), strict=True):
        hole = image[top : top + height, left : left + width]
        assert hole.mean() < 200
        assert image.size - hole.size == (image == 255).sum() - (hole == 255).sum()
