"""Balanced batches: every class alike in each, each image as often as another of its class."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnbench.data.augmentation import draw_parameters
from cnnbench.data.passes.balanced import balanced_order
from cnnbench.data.passes.normalization import fit_normalization
from cnnbench.data.passes.passes import TrainingPasses
from cnnbench.data.passes.prepared import PreparedImages
from cnnbench.data.passes.soft_labels import soft_labels
from cnnbench.data.spec import AugmentationSpec

TURNED = AugmentationSpec(flip="horizontal", rotation=0.1)


def spread(labels, classes):
    counts = np.bincount(labels, minlength=max(classes) + 1)[classes]
    return counts.max() - counts.min()


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=6),
    st.integers(1, 32),
    st.integers(0, 99),
    st.integers(0, 3),
)
def test_each_batch_and_the_epoch_hold_every_class_alike(sizes, batch_size, seed, epoch):
    labels = np.repeat(np.arange(len(sizes)) * 2, sizes).astype(np.int32)
    classes = np.unique(labels)
    drawn = balanced_order(labels, batch_size, seed=seed, epoch=epoch)
    copy, position = np.divmod(drawn, len(labels))
    assert len(drawn) == len(labels)
    seen = labels[position]
    assert spread(seen, classes) <= 1
    for start in range(0, len(seen), batch_size):
        assert spread(seen[start : start + batch_size], classes) <= 1
    times = np.bincount(position, minlength=len(labels))
    for label in classes:
        own = times[labels == label]
        assert own.max() - own.min() <= 1
    for image in np.unique(position):
        assert sorted(copy[position == image]) == list(range(times[image]))


def test_even_classes_in_whole_batches_are_each_shown_once():
    labels = np.tile(np.arange(4, dtype=np.int32), 10)
    drawn = balanced_order(labels, 8, seed=1, epoch=0)
    assert sorted(drawn.tolist()) == list(range(40))


def test_the_order_follows_from_seed_and_epoch_and_mixes_the_classes():
    labels = np.repeat(np.array([0, 1, 2], np.int32), [60, 30, 6])
    first = balanced_order(labels, 12, seed=3, epoch=0)
    np.testing.assert_array_equal(first, balanced_order(labels, 12, seed=3, epoch=0))
    for other in ({"seed": 4, "epoch": 0}, {"seed": 3, "epoch": 1}):
        assert (balanced_order(labels, 12, **other) != first).any()
    in_batch = labels[first[:12] % len(labels)].tolist()
    assert in_batch not in (sorted(in_batch), sorted(in_batch, reverse=True))
    assert in_batch != [*in_batch[:3]] * 4


def test_a_frequent_class_shows_other_images_in_other_epochs():
    labels = np.repeat(np.array([0, 1], np.int32), [90, 10])
    seen = set()
    for epoch in range(8):
        drawn = balanced_order(labels, 10, seed=0, epoch=epoch) % 100
        seen |= set(drawn[drawn < 90].tolist())
    assert len(seen) > 85  # 50 of 90 in each epoch: all but (40/90)^8 are to be expected


@pytest.fixture
def images():
    pixels = np.random.default_rng(0).integers(0, 256, (24, 6, 6, 3)).astype(np.uint8)
    return pixels, np.repeat(np.array([0, 1], np.int32), [20, 4])


def passes(images, augmentation):
    pixels, labels = images
    rows = np.arange(24)
    normalization = fit_normalization(pixels, rows, "scale")
    prepared = PreparedImages.of_rows(pixels, labels, rows, normalization, augmentation)
    return TrainingPasses(prepared, 8, order_seed=1, augmentation_seed=2, balanced=True)


def test_batches_hold_the_images_that_the_order_names_resident_or_not(images):
    epoch = passes(images, AugmentationSpec()).epoch(0)
    batches = list(epoch)
    assert [np.bincount(batch.labels).tolist() for batch in batches] == [[4, 4]] * 3
    resident = epoch.resident
    drawn = balanced_order(images[1], 8, seed=1, epoch=0) % 24
    np.testing.assert_array_equal(resident.order, drawn)
    pixels = np.concatenate([batch.images for batch in batches])
    np.testing.assert_array_equal(pixels, resident.images[resident.order])
    np.testing.assert_allclose(pixels, images[0][drawn] / 255, rtol=1e-6)


def test_copies_of_an_image_are_augmented_each_in_another_way(images):
    made = passes(images, TURNED)
    drawn = balanced_order(images[1], 8, seed=1, epoch=0)
    shown = np.concatenate([batch.images for batch in made.epoch(0)])
    first = drawn < 24
    np.testing.assert_array_equal(shown[first], made.seen(drawn[first], 0))
    (places,) = np.nonzero(drawn % 24 == 22)
    assert len(places) == 3
    assert len({shown[place].tobytes() for place in places}) == 3
    again = np.concatenate([batch.images for batch in made.epoch(0)])
    np.testing.assert_array_equal(shown, again)


def test_what_copies_draw_is_drawn_in_no_epoch():
    draws = [
        draw_parameters(TURNED, 2, epoch, count=5, shape=(6, 6, 3)).rotation.tolist()
        for epoch in (0, 1, 1 << 32, (1 << 32) + 1, 2 << 32)
    ]
    assert len({tuple(draw) for draw in draws}) == 5


def test_a_recipe_that_says_how_many_copies_there_are_gets_no_further_ones(images):
    made = passes(images, TURNED.model_copy(update={"copies": 2}))
    drawn = balanced_order(images[1], 8, seed=1, epoch=2) % 24
    shown = np.concatenate([batch.images for batch in made.epoch(2)])
    np.testing.assert_array_equal(shown, made.seen(drawn, 0))


def test_partners_of_mixtures_are_of_all_classes_alike(images):
    made = passes(images, AugmentationSpec(mixup=1.0))
    made.images = replace(made.images, labels=soft_labels(images[1], 2))
    epochs = [np.concatenate([batch.labels for batch in made.epoch(n)]) for n in range(40)]
    # 960 mixtures: half of each class, where partners from all images would give a third.
    assert abs(np.concatenate(epochs)[:, 1].mean() - 0.5) < 0.04
    shown = np.concatenate([batch.images for batch in made.epoch(0)])
    assert len({image.tobytes() for image in shown}) == 24
